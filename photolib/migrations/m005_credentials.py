"""What people prove who they are with besides a password, and what programs of theirs do."""

from sqlite_utils import Database

from photolib.migrations.schema import schema


@schema()
def m005_credentials(db: Database) -> None:
    """API tokens, second factors, passkeys, accounts at another provider, and steps of a log-in that are under way."""
    user = "user_id integer not null references users(id) on delete cascade"
    statements = (
        # hash: SHA-256 of the token, which has 256 random bits, so nothing slower is needed. scopes: words with a space between.
        f"""create table tokens (id integer primary key autoincrement, {user}, name text not null, hash blob not null unique,
             scopes text not null, created_at text not null, expires_at text, last_used_at text) strict""",
        "create index idx_tokens_user on tokens (user_id, id)",
        # last_step: the period of 30 seconds whose code was taken last; it and those before it are never taken again.
        """create table totp (user_id integer primary key references users(id) on delete cascade, secret text not null,
             created_at text not null, last_step integer not null) strict""",
        # hash: SHA-256 of 80 random bits.
        f"""create table recovery_codes ({user}, hash blob not null, used_at text,
             primary key (user_id, hash)) strict, without rowid""",
        # What a passkey calls its user: random, so that it tells nobody anything.
        """create table passkey_users (user_id integer primary key references users(id) on delete cascade,
             handle blob not null unique) strict""",
        # rp_id: the host name it was made for; browsers offer it there only.
        f"""create table passkeys (id integer primary key autoincrement, {user}, name text not null, rp_id text not null,
             credential blob not null unique, public_key blob not null, sign_count integer not null, transports text not null,
             created_at text not null, last_used_at text) strict""",
        "create index idx_passkeys_user on passkeys (user_id, id)",
        # Who somebody is at an OpenID Connect provider. label: what the provider calls them, to recognise it by; it decides nothing.
        f"""create table identities (issuer text not null, subject text not null, {user}, label text not null,
             created_at text not null, last_used_at text, primary key (issuer, subject)) strict, without rowid""",
        "create index idx_identities_user on identities (user_id)",
        # Steps of one browser that need another one. hash: SHA-256 of what its cookie holds. user_id: whose, where known.
        """create table handshakes (hash blob primary key, kind text not null,
             user_id integer references users(id) on delete cascade, data text not null,
             expires_at text not null) strict, without rowid""",
        "create index idx_handshakes_expiry on handshakes (expires_at)",
    )
    for statement in statements:
        db.execute(statement)
