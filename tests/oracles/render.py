"""Writes one TypeScript file per kind: rendered messages that must satisfy the target's own published types."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from handler.sinks.kinds import SINK_KINDS
from tests import notices
from tests.fakes import NOON
from tests.oracles import looks

TYPES = {
    "slack": (
        "import type { KnownBlock } from '@slack/types';",
        "{ text: string; mrkdwn?: boolean; blocks?: KnownBlock[] }",
    ),
    "teams": (
        "import type { IAdaptiveCard } from '@microsoft/teams.cards';",
        (
            "{ type: 'message'; summary: string; attachments: {"
            " contentType: 'application/vnd.microsoft.card.adaptive'; contentUrl: null;"
            " content: IAdaptiveCard }[] }"
        ),
    ),
    "discord": (
        "import type { RESTPostAPIWebhookWithTokenJSONBody } from 'discord-api-types/v10';",
        "RESTPostAPIWebhookWithTokenJSONBody",
    ),
    "googlechat": ("import type { chat_v1 } from '@googleapis/chat';", "chat_v1.Schema$Message"),
    "feishu": (
        "import type { InteractiveCard } from '@larksuiteoapi/node-sdk';",
        (
            "{ timestamp?: string; sign?: string; msg_type: 'interactive'; card: InteractiveCard }"
            " | { timestamp?: string; sign?: string; msg_type: 'text'; content: { text: string } }"
        ),
    ),
    "mattermost": (
        "import type { MessageAttachment } from '@mattermost/types/message_attachments';",
        "{ text: string; attachments?: Partial<MessageAttachment>[] }",
    ),
}
CASES = {
    "ordinary": notices.notice(),
    "empty": notices.empty(),
    "inconclusive": notices.inconclusive(),
    "resolved": notices.resolved_only(),
    "huge": notices.huge(500),
    "hostile": notices.hostile(notices.HOSTILE[2]),
}


def source(kind: str) -> str:
    """A module that type-checks only if every message does."""
    line, shape = TYPES[kind]
    checks = [line, f"type Body = {shape};"]
    for name, notice in CASES.items():
        for shrink in (0, 1, 9):
            (message,) = SINK_KINDS[kind].module.render(notice, notices.sink(kind), NOON, shrink)
            checks.append(f"export const {name}{shrink} = ({json.dumps(json.loads(message.body))}) satisfies Body;")
    return "\n".join(checks) + "\n"


def main(folder: str) -> None:
    """Write the modules, the cards and the pages for the pictures."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for kind in TYPES:
        (target / f"{kind}.ts").write_text(source(kind), encoding="utf-8")
    for name, notice in CASES.items():
        (message,) = SINK_KINDS["teams"].module.render(notice, notices.sink("teams"), NOON, 0)
        card = json.loads(message.body)["attachments"][0]["content"]
        (target / f"card-{name}.json").write_text(json.dumps(card), encoding="utf-8")
    for kind in looks.KINDS:
        (target / f"page-{kind}.html").write_text(looks.page(kind, CASES["ordinary"]), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
