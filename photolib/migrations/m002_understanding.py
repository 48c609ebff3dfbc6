"""What is made of a photo by looking at it."""

from sqlite_utils import Database

from photolib.migrations.schema import schema


@schema()
def m002_understanding(db: Database) -> None:
    """What is made of a photo by looking at it: vectors, labels, faces and people, text, place; and the words to find it by.

    All of it can be made again from the photos, except what a person decided (source or decided_by 'person').
    """
    statements = (
        # Which step has been done for a photo, and by what: when a better model comes, the others are those to do again.
        """create table understood (photo_id integer not null references photos(id) on delete cascade, step text not null,
             version text not null, primary key (photo_id, step)) strict, without rowid""",
        "create index idx_understood_step on understood (step, version)",
        # float16, unit length. Several models may have one each: the old one serves until the new one has them all.
        """create table embeddings (photo_id integer not null references photos(id) on delete cascade, model text not null,
             vector blob not null, primary key (photo_id, model)) strict""",
        "create index idx_embeddings_model on embeddings (model)",
        # label: a name of the vocabulary. A person may add one (source 'person') or take one away (is_removed), for good.
        """create table labels (photo_id integer not null references photos(id) on delete cascade, label text not null,
             confidence real not null, source text not null, is_removed integer not null default 0,
             primary key (photo_id, label)) strict, without rowid""",
        "create index idx_labels_label on labels (label)",
        # What can be measured without a model. hash: 64 bits, the perceptual hash. sharpness and exposure: 0 bad to 1 good.
        # kind: 'photo', 'screenshot', 'document' or 'portrait'; colours: JSON, [["blue", 0.41], ...].
        """create table measures (photo_id integer primary key references photos(id) on delete cascade, hash blob,
             sharpness real, exposure real, brightness real, colours text, kind text, facts text) strict""",
        # A hash near to another one has nearly the same two bytes in one of four places: duplicates.near_hashes() looks there.
        *(
            f"create index idx_measures_band_{number} on measures (substr(hash, {2 * number + 1}, 2), hash) where hash is not null"
            for number in range(4)
        ),
        "create index idx_measures_kind on measures (kind)",
        # Text found in the picture; box in shares of its width and height.
        """create table text_lines (photo_id integer not null references photos(id) on delete cascade, line integer not null,
             text text not null, confidence real not null, x real not null, y real not null, w real not null, h real not null,
             primary key (photo_id, line)) strict, without rowid""",
        # country_code: ISO 3166. latitude and longitude are those of the photo, or, when is_estimate, those of a neighbour in time.
        """create table photo_places (photo_id integer primary key references photos(id) on delete cascade, country_code text,
             country text, region text, city text, latitude real, longitude real, is_estimate integer not null default 0) strict""",
        "create index idx_photo_places_city on photo_places (city)",
        "create index idx_photo_places_country on photo_places (country, region)",
        "create index idx_photo_places_code on photo_places (country_code, region, city)",
        "create index idx_photo_places_latitude on photo_places (latitude, longitude)",
        # How many listed photos an owner has of each place, kept by triggers as the months are; '' where a name is unknown.
        """create table place_counts (owner_id integer not null references users(id), country_code text not null, region text not null,
             city text not null, country text not null, photos integer not null,
             primary key (owner_id, country_code, region, city)) strict, without rowid""",
        # The few photos with a position, by time: what an estimate for one without is made from.
        "create index idx_photos_located on photos (owner_id, shown_at) where latitude is not null",
        # Each owner's own people. One without a name is a group of faces that belong together.
        # autoincrement: what undoes a decision names people and faces by their ids, which must not come back as somebody else's.
        """create table people (id integer primary key autoincrement, owner_id integer not null references users(id), name text,
             birthday text, is_hidden integer not null default 0, cover_face_id integer, created_at text not null) strict""",
        "create index idx_people_owner on people (owner_id, name)",
        # vector: 128 float32. state: 'found', or 'no face' when a person said so. decided_by: 'person', 'file' (XMP regions)
        # or 'model'; what a person decided is never changed by a model.
        """create table faces (id integer primary key autoincrement, photo_id integer not null references photos(id) on delete cascade,
             x real not null, y real not null, w real not null, h real not null, quality real not null, pixels integer not null,
             model text not null, vector blob, state text not null default 'found', source text not null default 'model',
             person_id integer references people(id) on delete set null, decided_by text, confidence real) strict""",
        "create index idx_faces_photo on faces (photo_id)",
        # All that a list of people is made of, so that it reads no vectors.
        "create index idx_faces_person on faces (person_id, photo_id, quality, state)",
        # "This is not her": never put this face into that person again.
        """create table not_this_person (face_id integer not null references faces(id) on delete cascade,
             person_id integer not null references people(id) on delete cascade, primary key (face_id, person_id)) strict, without rowid""",
        # "These two are not the same", so that nobody is asked twice.
        """create table different_people (one_id integer not null references people(id) on delete cascade,
             other_id integer not null references people(id) on delete cascade, primary key (one_id, other_id)) strict, without rowid""",
        # Questions for a person: "Is this her?" of a face, "Are these two the same?" of people, the lower id first.
        """create table maybe_this_person (face_id integer primary key references faces(id) on delete cascade,
             person_id integer not null references people(id) on delete cascade, confidence real not null) strict""",
        "create index idx_maybe_this_person on maybe_this_person (person_id)",
        """create table maybe_same_person (one_id integer not null references people(id) on delete cascade,
             other_id integer not null references people(id) on delete cascade, confidence real not null,
             primary key (one_id, other_id)) strict, without rowid""",
        "create index idx_maybe_same_person on maybe_same_person (other_id)",
        "create index idx_different_people on different_people (other_id)",
        "create index idx_not_this_person on not_this_person (person_id)",
        # What people decided about people, with what it takes to undo it (JSON).
        """create table people_log (id integer primary key, owner_id integer not null references users(id), at text not null,
             what text not null, said text not null, before text not null, undone_at text) strict""",
        # Photos that show the same: kind 'duplicate' or 'burst'. best_id is the one shown; decided_by 'person' stays.
        """create table stacks (id integer primary key, owner_id integer not null references users(id), kind text not null,
             best_id integer references photos(id) on delete set null, decided_by text) strict""",
        "create index idx_stacks_owner on stacks (owner_id)",
        """create table stack_photos (stack_id integer not null references stacks(id) on delete cascade,
             photo_id integer primary key references photos(id) on delete cascade) strict""",
        "create index idx_stack_photos_stack on stack_photos (stack_id)",
        # "These are different": photos of one decision that stand on different sides of it are never in one stack again.
        """create table different_photos (decision integer not null, photo_id integer not null references photos(id) on delete cascade,
             side integer not null, primary key (photo_id, decision)) strict, without rowid""",
        "create index idx_different_photos_decision on different_photos (decision)",
        # Duplicates that a person merged, with the photos (JSON) that went to the trash for it, so that it can be undone.
        """create table merges (id integer primary key, owner_id integer not null references users(id), at text not null,
             kept_id integer references photos(id) on delete set null, trashed text not null, undone_at text) strict""",
        """create table saved_searches (id integer primary key, owner_id integer not null references users(id), name text not null,
             query text not null, created_at text not null, unique (owner_id, name)) strict""",
        # Photos about which anything changed that search looks at, each once, the latest last. Copies for searching (words,
        # vectors) remember the seq they have seen and read on from there.
        "create table photo_changes (seq integer primary key autoincrement, photo_id integer not null unique) strict",
        # For searching by number. Most photos have no rating and no duration.
        "create index idx_details_iso on details (iso)",
        "create index idx_details_aperture on details (aperture)",
        "create index idx_details_focal_length on details (focal_length)",
        "create index idx_photos_rating on photos (rating) where rating is not null",
        "create index idx_photos_duration on photos (duration) where duration is not null",
        # The words each photo is found by, folded (wording.fold). owner: "o1" for user 1's, so that the index itself tells them apart.
        """create virtual table photo_words using fts5(title, tags, labels, looks, people, place, album, camera, lens, file,
             folder, text, owner, tokenize = "unicode61 remove_diacritics 0", prefix = '2 3')""",
        # Every name that an owner's listed photos have: people, places, albums, tags, labels, cameras, years ... with how many
        # photos have it. For recognising names in queries, suggestions and facets. kept up by search/documents.py, as photo_words.
        """create table owner_names (id integer primary key, owner_id integer not null references users(id), kind text not null,
             name text not null, folded text not null, photos integer not null default 0, unique (owner_id, kind, name)) strict""",
        "create index idx_owner_names_folded on owner_names (owner_id, folded)",
        # Which of these names count a photo: ids as 32-bit numbers. It stays until the names are counted without a deleted photo.
        "create table photo_names (photo_id integer primary key, names blob not null) strict",
    )
    for statement in statements:
        db.execute(statement)

    def count_places(name: str, event: str, place: str, photo: str, step: int) -> None:
        """A trigger that counts a place row for a photo's owner, while the photo is listed."""
        db.execute(
            f"""create trigger {name} after {event} begin
                  insert into place_counts (owner_id, country_code, region, city, country, photos)
                  select {photo}.owner_id, place.country_code, coalesce(place.region, ''), coalesce(place.city, ''),
                    coalesce(place.country, ''), {step}
                  from {place} where place.country_code is not null and {photo}.is_listed = 1
                  on conflict (owner_id, country_code, region, city)
                    do update set photos = photos + {step}, country = excluded.country;
                end"""
        )

    for event in ("insert", "update", "delete"):
        for row, step in (("old", -1), ("new", 1)):
            if (event, row) not in (("insert", "old"), ("delete", "new")):
                columns = ", ".join(f"{row}.{name} as {name}" for name in ("country_code", "country", "region", "city"))
                place = f"photos join (select {columns}) place on photos.id = {row}.photo_id"
                count_places(f"photo_places_{event}_{row}", f"{event} on photo_places", place, "photos", step)
    for row, step in (("old", -1), ("new", 1)):
        when = "when (old.owner_id, old.is_listed) <> (new.owner_id, new.is_listed)"
        place = f"(select * from photo_places where photo_id = {row}.id) place"
        count_places(f"photos_places_{row}", f"update of owner_id, is_listed on photos {when}", place, row, step)
    # While the photo is still there to say whose it was: a cascade comes too late for that.
    db.execute(
        "create trigger photos_unplaced before delete on photos begin delete from photo_places where photo_id = old.id; end"
    )

    def note_changes(name: str, event: str, photos: str) -> None:
        """A trigger that puts these photos at the end of photo_changes."""
        # Not "insert or replace": a trigger's conflict clause gives way to that of the statement that fired it.
        db.execute(
            f"""create trigger {name}_changes after {event} begin
                  delete from photo_changes where photo_id in ({photos});
                  insert into photo_changes (photo_id) {photos};
                end"""
        )

    for table in (
        "details", "photo_tags", "labels", "measures", "text_lines", "photo_places", "album_photos", "faces",
    ):  # fmt: skip
        for event, row in (("insert", "new"), ("update", "new"), ("delete", "old")):
            note_changes(f"{table}_{event}", f"{event} on {table}", f"select {row}.photo_id")
    # The names of its files and folders are words too.
    for event, when in (("insert", ""), ("update of photo_id", " and old.photo_id is not new.photo_id")):
        name = f"sources_{event.partition(' ')[0]}"
        note_changes(name, f"{event} on sources when new.photo_id is not null{when}", "select new.photo_id")
    note_changes("embeddings_insert", "insert on embeddings", "select new.photo_id")
    note_changes("embeddings_update", "update on embeddings", "select new.photo_id")
    # Nobody searches the vectors of a model that has had its day: they go without every photo being looked at again.
    serving = "(select value from remembered where name = 'serving model')"
    note_changes("embeddings_delete", f"delete on embeddings when old.model = {serving}", "select old.photo_id")
    note_changes("photos_insert", "insert on photos", "select new.id")
    note_changes("photos_delete", "delete on photos", "select old.id")
    columns = "owner_id, key, is_listed, filename, shown_at, is_favourite, rating"
    note_changes("photos_update", f"update of {columns} on photos", "select new.id")
    on_faces = "select distinct photo_id from faces where person_id = new.id"
    note_changes("people_update", "update of name on people", on_faces)
    named = """select photo_id from details join photos on photos.id = photo_id
                 where owner_id = new.owner_id and details.people is not null"""  # the file may name who is hidden now
    note_changes("people_hidden", "update of is_hidden on people", f"{on_faces} union {named}")
    in_album = "select photo_id from album_photos where album_id = new.id"
    note_changes("albums_update", "update of title on albums", in_album)
    note_changes("tags_update", "update of name on tags", "select photo_id from photo_tags where tag_id = new.id")
    db.execute("insert into photo_changes (photo_id) select id from photos order by id")
