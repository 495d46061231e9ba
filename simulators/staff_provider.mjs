// The government's sign-in of staff, on loopback: npm `oidc-provider`, a certified OpenID provider.
// node simulators/staff_provider.mjs PORT CLIENT_ID REDIRECT_URI; the secret comes by the environment.
// Anybody listed signs in by their name and any password. Nobody here exists.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { Provider } from 'oidc-provider';

const [port, clientId, redirectUri] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const staff = {
  author: { name: 'سلمى التجريبي', osrati_roles: ['author'], osrati_agency: 'mohap' },
  analyst: { name: 'يوسف التجريبي', osrati_roles: ['analyst', 'janitor'], osrati_agency: 'moj' },
  many: { name: 'Sample <b>Many</b>', osrati_roles: ['operator', 'reviewer', 'author'] },
  visitor: { name: 'Sample Visitor', osrati_roles: ['janitor'], osrati_agency: 'mohap' },
  nothing: { name: 'Sample Nothing' },
};

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'sample-1' };

const provider = new Provider(issuer, {
  clients: [{
    client_id: clientId,
    client_secret: process.env.OSRATI_STAFF_CLIENT_SECRET,
    redirect_uris: [redirectUri],
    response_types: ['code'],
    grant_types: ['authorization_code'],
    token_endpoint_auth_method: 'client_secret_basic',
    id_token_signed_response_alg: 'ES256',
  }],
  jwks: { keys: [key] },
  cookies: { keys: [randomBytes(32).toString('hex')] },
  pkce: { required: () => true },
  claims: { openid: ['sub'], profile: ['name', 'osrati_roles', 'osrati_agency'] },
  conformIdTokenClaims: false, // what is told of somebody stands in the ID token
  features: { devInteractions: { enabled: true } },
  findAccount: (_, id) => staff[id] && { accountId: id, claims: () => ({ sub: id, ...staff[id] }) },
  // Staff are not asked whether their own government may know who they are.
  async loadExistingGrant(ctx) {
    const { client, session } = ctx.oidc;
    const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope('openid profile');
    await grant.save();
    return grant;
  },
});

provider.listen(Number(port), '127.0.0.1');
process.stdin.resume();
process.stdin.on('end', () => process.exit(0)); // whoever started it is gone
