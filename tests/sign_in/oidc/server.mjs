// A real OpenID provider for tests: oidc-provider with two people. node server.mjs PORT PEOPLE STAFF (both JSON)
import Provider from 'oidc-provider';

const [port, people, staff] = [Number(process.argv[2]), JSON.parse(process.argv[3]), JSON.parse(process.argv[4])];
const client = {
  client_id: 'prewarn', client_secret: 'of prewarn/:alone', grant_types: ['authorization_code'],
  // The port of the tested side is free, and so not known here; `allowed` below lets any of this machine in.
  response_types: ['code'], redirect_uris: ['http://127.0.0.1/sign-in/oidc/back'],
};
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [client, { ...client, client_id: 'public', client_secret: undefined, token_endpoint_auth_method: 'none' }],
  cookies: { keys: ['of the tests'] },
  claims: { openid: ['sub'], profile: ['employee_number', 'preferred_username'] },
  features: { devInteractions: { enabled: false } },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, preferred_username: id, employee_number: staff[id] }),
  }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  // Whoever has signed in has agreed.
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope('openid profile');
    await grant.save();
    return grant;
  },
});
provider.Client.prototype.redirectUriAllowed = (uri) => new URL(uri).hostname === '127.0.0.1';

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next();
  if (ctx.method === 'GET') {
    ctx.type = 'html';
    ctx.body = '<form method="post"><input name="name"><input name="password" type="password"></form>';
    return undefined;
  }
  let body = '';
  for await (const chunk of ctx.req) body += chunk;
  const form = new URLSearchParams(body);
  let result = { error: 'access_denied' };
  if (!form.has('cancel')) {
    if (people[form.get('name')] !== form.get('password')) {
      ctx.status = 401;
      return undefined;
    }
    result = { login: { accountId: form.get('name') } };
  }
  return provider.interactionFinished(ctx.req, ctx.res, result).then(() => { ctx.respond = false; });
});
provider.listen(port, '127.0.0.1');
