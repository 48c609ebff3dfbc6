"""Sharing: who else may have what, with an account or through a link."""

from sqlite_utils import Database

from photolib.migrations.schema import schema


@schema()
def m016_sharing(db: Database) -> None:
    """Grants to people with an account, links for those without one, what comes in through links, and what people say to each other."""
    statements = (
        # What a link or a grant shows that is no album anybody made: a selection, one photo, a search. Its owner's lists do not show it.
        "alter table albums add column is_unlisted integer not null default 0",
        # Who put it there; null for the album's owner, an import or somebody who is gone.
        "alter table album_photos add column added_by integer references users(id) on delete set null",
        "create index idx_album_photos_added_by on album_photos (added_by) where added_by is not null",
        # One of album_id, photo_id, person_id and since says what: an album, a photo, everything with a person, everything since a day.
        # To whom: one user, those who follow the owner, or everybody with an account here.
        """create table grants (id integer primary key autoincrement, owner_id integer not null references users(id) on delete cascade,
             album_id integer references albums(id) on delete cascade, photo_id integer references photos(id) on delete cascade,
             person_id integer references people(id) on delete cascade, since text,
             audience text not null check (audience in ('user', 'followers', 'public')),
             user_id integer references users(id) on delete cascade,
             role text not null check (role in ('view', 'download', 'contribute', 'manage')),
             show_location integer not null default 1, created_at text not null,
             check ((user_id is not null) = (audience = 'user')),
             check ((album_id is not null) + (photo_id is not null) + (person_id is not null) + (since is not null) = 1)) strict""",
        """create unique index idx_grants_once on grants (owner_id, coalesce(album_id, 0), coalesce(photo_id, 0), coalesce(person_id, 0),
             coalesce(since, ''), audience, coalesce(user_id, 0))""",
        "create index idx_grants_album on grants (album_id) where album_id is not null",
        "create index idx_grants_photo on grants (photo_id) where photo_id is not null",
        "create index idx_grants_person on grants (person_id) where person_id is not null",
        "create index idx_grants_user on grants (user_id) where user_id is not null",
        "create index idx_grants_wide on grants (audience, owner_id) where user_id is null",
        # A link shows one album. hash: SHA-256 of its token; sealed: the token, under a key that is not in this file, for its owner to
        # copy again. password: argon2id. expires_at: UTC. max_uses: doors opened, not pages looked at.
        """create table links (id integer primary key autoincrement, owner_id integer not null references users(id) on delete cascade,
             album_id integer not null references albums(id) on delete cascade,
             kind text not null check (kind in ('album', 'selection', 'photo', 'search')),
             hash blob not null unique, sealed blob, permission text not null check (permission in ('view', 'download', 'contribute')),
             password text, expires_at text, max_uses integer, uses integer not null default 0,
             show_location integer not null default 0, show_camera integer not null default 0, may_preview integer not null default 0,
             name text not null default '', note text not null default '', created_at text not null, revoked_at text) strict""",
        "create index idx_links_owner on links (owner_id, id)",
        "create index idx_links_album on links (album_id)",
        # A browser that has come through a link's door. hash: of the token in its cookie.
        """create table link_visits (hash blob primary key, link_id integer not null references links(id) on delete cascade,
             opened_at text not null, seen_at text not null, address text not null, browser text not null) strict, without rowid""",
        "create index idx_link_visits_link on link_visits (link_id)",
        # What happened at a link, for its owner. what: opened, refused, downloaded, contributed, saved. photos: how many it was about.
        """create table link_log (id integer primary key autoincrement, link_id integer not null references links(id) on delete cascade,
             at text not null, what text not null, photos integer not null default 0, address text not null,
             browser text not null) strict""",
        "create index idx_link_log_link on link_log (link_id, id)",
        # A file that came through a link and waits for the album's owner. Its bytes are an upload in quarantine, until it is decided.
        # visitor: how they call themselves; sent_at: null until all of it has come and was found to be a photo or video.
        """create table contributions (id integer primary key autoincrement,
             link_id integer not null references links(id) on delete cascade,
             upload_id text unique references uploads(id) on delete set null,
             visitor text not null default '', filename text not null, size integer not null, announced_at text not null, sent_at text,
             decision text check (decision in ('accepted', 'refused')), decided_at text,
             photo_id integer references photos(id) on delete set null) strict""",
        # An upload in quarantine is not filed by itself, and counts apart from its owner's own.
        "alter table uploads add column is_quarantined integer not null default 0",
        "create index idx_uploads_quarantined on uploads (owner_id) where is_quarantined = 1",
        "create index idx_contributions_link on contributions (link_id, decision, sent_at)",
        "create index idx_contributions_photo on contributions (photo_id) where photo_id is not null",
        # accepted_at: null until the one who is followed says yes.
        """create table follows (follower_id integer not null references users(id) on delete cascade,
             followed_id integer not null references users(id) on delete cascade, asked_at text not null, accepted_at text,
             primary key (follower_id, followed_id), check (follower_id <> followed_id)) strict, without rowid""",
        "create index idx_follows_followed on follows (followed_id)",
        """create table likes (photo_id integer not null references photos(id) on delete cascade,
             user_id integer not null references users(id) on delete cascade, at text not null,
             primary key (photo_id, user_id)) strict, without rowid""",
        "create index idx_likes_user on likes (user_id)",
        """create table comments (id integer primary key autoincrement, photo_id integer not null references photos(id) on delete cascade,
             user_id integer not null references users(id) on delete cascade, text text not null, at text not null) strict""",
        "create index idx_comments_photo on comments (photo_id, id)",
        "create index idx_comments_user on comments (user_id)",
        # What people did to an album that is shared, for all in it. what: as acts on albums are called, and joined, left, commented ...
        """create table album_activity (id integer primary key autoincrement,
             album_id integer not null references albums(id) on delete cascade,
             user_id integer references users(id) on delete set null, at text not null, what text not null,
             photos integer not null default 0, said text not null default '') strict""",
        "create index idx_album_activity_album on album_activity (album_id, id)",
        "create index idx_album_activity_user on album_activity (user_id) where user_id is not null",
    )  # fmt: skip
    for statement in statements:
        db.execute(statement)
