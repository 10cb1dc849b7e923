// Stands in for Huawei's plugin, which is not on npm: knows its provider, its hooks and no option of its own; asks no cloud.
module.exports = class {
  constructor(serverless) {
    const say = (what) => () => console.log(`${what} ${serverless.service.service} in ${serverless.service.provider.region}`);
    this.hooks = { 'deploy:deploy': say('deploy'), 'remove:remove': say('remove') };
    serverless.setProvider('huawei', this);
  }
};
