// An OpenID Connect provider on this machine, for tests: whoever types a name at it is that person.
// usage: node provider.js PORT CLIENT_SECRET REDIRECT_URI...

import Provider from "oidc-provider"

const [port, secret, ...redirects] = process.argv.slice(2)
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: "photolib", client_secret: secret, redirect_uris: redirects, scope: "openid profile email" }],
  pkce: { required: () => true },
  claims: { openid: ["sub"], profile: ["preferred_username", "name"], email: ["email", "email_verified"] },
  // A name typed as "maria" is the account with the subject "subject-of-maria", who says her address is maria@example.org.
  findAccount: (context, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      preferred_username: id.replace("subject-of-", ""),
      name: `Name of ${id}`,
      email: `${id.replace("subject-of-", "")}@example.org`,
      email_verified: true,
    }),
  }),
  cookies: { keys: [secret] },
})
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"))
