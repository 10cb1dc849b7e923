"""Serve Keystone on a free loopback port; run by run.sh in the environment that has keystone installed."""

import sys
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

from keystone.server.wsgi import initialize_public_application


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


port_file = Path(sys.argv.pop())  # Keystone reads the arguments, too; its folder is in OS_KEYSTONE_CONFIG_DIR
application = initialize_public_application()
with make_server("127.0.0.1", 0, application, handler_class=Quiet) as server:
    port_file.write_text(str(server.server_port), encoding="ascii")
    server.serve_forever()
