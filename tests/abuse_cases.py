"""The abuse cases that photolib must survive, and the tests that hold each of them: the one place to look.

    make abuse                          what there is, then all of these tests
    pytest -m abuse                     the tests alone
    pytest -m 'abuse(case=23)'          those of one case
    python -m tests.abuse_cases 23      which they are

A case has parts, in the words of its line (ABUSE_CASES.md); each names the tests that hold it, as `file::test`, the file below tests/.
tests/test_abuse_cases.py fails for a part without a test and for a test that is no more. Whatever is named after a case besides
(`test_23_...`, `test_abuse_23_...`, `test_4_and_32_...`) belongs to it without being written here.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent

LINKS = "web/test_abuse_links.py::test_"
DOORS = "web/test_abuse_link_doors.py::test_"
HANDED_OUT = "web/test_abuse_link_files.py::test_"
TRICKS = "web/test_abuse_link_tricks.py::test_"
GUESTS = "web/test_abuse_guests.py::test_10_"
EVERY_STATE = (
    f"{LINKS}1_a_link_in_this_state_answers_as_one_that_nobody_has",
    f"{LINKS}1_a_link_in_this_state_costs_the_work_of_one_that_nobody_has",
)
BEHIND_A_DOOR = (
    *EVERY_STATE,
    f"{LINKS}1_the_door_shows_nothing_of_what_is_behind_it",
    f"{LINKS}1_an_account_opens_no_door_of_a_link",
)
NOT_SHOWN = (
    f"{LINKS}1_a_photo_that_a_link_does_not_show_is_one_that_nobody_has",
    f"{LINKS}1_a_key_that_exists_costs_the_work_of_one_that_does_not",
    f"{LINKS}1_knowing_the_right_etag_confirms_nothing",
)
NOTHING_PRIVATE = (
    f"{HANDED_OUT}8_nothing_that_a_link_hands_out_says_more_than_its_owner_wants",
    "photolib/test_cleaning.py::test_another_program_finds_nothing_private_in_any_copy",
)
ACCOUNTS = "web/test_abuse_accounts.py::test_"
CONTENT = "web/test_abuse_content.py::test_"
QUESTIONS = "web/test_abuse_questions.py::test_"
IN_A_BROWSER = "web/test_browser_abuse.py::test_22_"
FILES = "photolib/test_abuse_files.py::test_"
SOURCES = "test_abuse_sources.py::test_"
USERS = "web/test_abuse_users.py::test_17_"
TOKENS = "web/test_api_tokens.py::test_abuse_"
OIDC = "photolib/test_oidc.py::test_abuse_"
CREDENTIALS = "web/test_credentials.py::test_"
ARCHIVES = "photolib/test_archives.py::test_"
DECODE = "photolib/test_decode.py::test_"
BAD_FILES = "test_bad_files.py::test_"
GUARD = "web/test_guard.py::test_"
EVERY_PAGE = (
    f"{IN_A_BROWSER}no_page_runs_what_somebody_wrote",
    f"{IN_A_BROWSER}the_policy_has_nothing_to_refuse",
    f"{CONTENT}22_templates_escape_everything_and_every_attribute_is_quoted",
)
NO_PATH = (
    f"{CONTENT}28_no_address_leads_to_a_file_that_is_not_ours_to_give",
    f"{CONTENT}28_a_file_is_never_kept_where_its_name_says",
    f"{CONTENT}28_an_address_to_send_to_is_no_path",
)

CASES: Mapping[int, Mapping[str, tuple[str, ...]]] = {
    1: {
        "{no key": (
            f"{LINKS}1_addresses_that_are_none_answer_alike_and_lead_to_no_log_in",
            f"{LINKS}1_what_opens_a_link_opens_nothing_else",
        ),
        "wrong key": EVERY_STATE,
        "key without its password": BEHIND_A_DOOR,
        "expired": EVERY_STATE,
        "revoked": EVERY_STATE,
        "photo in trash": NOT_SHOWN,
        "photo\ntaken out of the album": NOT_SHOWN,
        "cookie of another link}": BEHIND_A_DOOR,
        "the same body and near-identical time": (*EVERY_STATE, *NOT_SHOWN),
        "a new route fails the test until somebody classifies it": (
            f"{LINKS}1_every_route_below_a_link_has_been_decided_about",
            f"{LINKS}1_who_is_let_in_is_answered_at_every_address",
        ),
    },
    2: {"unlocking one leaves the other locked": (f"{DOORS}2_of_two_links_with_one_password_the_second_stays_locked",)},
    3: {
        "Password set or changed after somebody unlocked: the old cookie dies": (
            f"{DOORS}3_a_password_that_is_changed_ends_the_visits_at_every_address",
            f"{DOORS}3_a_password_that_an_open_link_is_given_ends_the_visits",
            f"{DOORS}3_a_zip_on_its_way_breaks_off",
            f"{TRICKS}a_cookie_that_somebody_planted_opens_no_door",
            f"{DOORS}who_came_in_while_the_owner_changed_the_password_is_not_in",
        )
    },
    4: {
        "a slow salted hash": (f"{DOORS}4_a_password_is_kept_as_a_slow_salted_hash",),
        "never appear in a URL": (
            f"{DOORS}4_a_password_is_in_nothing_that_is_said_logged_or_kept",
            f"{DOORS}an_empty_or_endless_password_opens_nothing",
        ),
        "a log line": (
            f"{DOORS}4_a_password_is_in_nothing_that_is_said_logged_or_kept",
            f"{LINKS}6_no_token_is_in_a_log_or_an_event",
        ),
        "a Referer": (
            "web/test_browser_links_leaks.py::test_4_and_6_a_page_of_a_link_says_to_nobody_where_its_visitor_comes_from",
        ),
        "an export": (
            f"{DOORS}4_an_export_holds_neither_links_nor_their_passwords",
            f"{DOORS}4_a_copy_of_the_database_opens_no_link",
        ),
    },
    5: {
        "per (link, address)": (
            f"{DOORS}5_guessing_at_a_link_is_slowed_down_where_it_comes_from_and_nowhere_else",
            f"{DOORS}5_a_house_with_very_many_addresses_is_one",
            f"{DOORS}5_the_door_says_when_to_come_back",
        ),
        "per link": (f"{DOORS}5_a_crowd_is_slowed_down_for_seconds_and_those_inside_are_not_bothered",),
        "counted before hashing": (
            f"{DOORS}5_a_try_is_counted_before_anything_is_hashed",
            f"{DOORS}5_many_tries_at_once_are_all_counted",
        ),
        "without locking other visitors out": (
            f"{DOORS}5_guessing_at_a_link_is_slowed_down_where_it_comes_from_and_nowhere_else",
            f"{DOORS}5_a_crowd_is_slowed_down_for_seconds_and_those_inside_are_not_bothered",
        ),
        "survives a restart": (f"{DOORS}5_the_count_survives_a_restart",),
        "X-Forwarded-For counts only from a configured proxy": (
            f"{DOORS}5_whom_a_request_is_forwarded_for_counts_only_from_a_proxy_of_the_settings",
        ),
    },
    6: {
        "at least 128 bits": (f"{LINKS}6_tokens_are_random_of_256_bits_and_kept_as_hashes",),
        "stored hashed": (
            f"{LINKS}6_tokens_are_random_of_256_bits_and_kept_as_hashes",
            f"{DOORS}4_a_copy_of_the_database_opens_no_link",
        ),
        **dict.fromkeys(
            ("`Referrer-Policy: no-referrer`", "`X-Robots-Tag: noindex`", "`Cache-Control: private`"),
            (
                f"{LINKS}6_every_answer_below_a_link_keeps_its_address_to_itself",
                f"{LINKS}6_also_when_somebody_asks_too_much",
            ),
        ),
    },
    7: {
        "the original": (
            f"{HANDED_OUT}7_who_may_look_gets_neither_the_original_nor_a_zip_nor_anything_as_good",
            f"{HANDED_OUT}7_what_who_may_look_is_shown_is_small_and_is_not_the_file",
            f"{HANDED_OUT}7_a_film_is_watched_in_its_cleaned_copy_and_not_offered_as_a_file",
        ),
        "the zip": (f"{HANDED_OUT}7_who_may_look_gets_neither_the_original_nor_a_zip_nor_anything_as_good",),
    },
    8: {
        **dict.fromkeys(
            ("GPS", "serial numbers", "maker notes", "XMP", "embedded thumbnail", "video location atom"),
            NOTHING_PRIVATE,
        ),
        "its JSON names no file path": (
            f"{TRICKS}8_and_9_nothing_that_is_said_names_the_owner_a_file_a_person_or_a_number",
            f"{HANDED_OUT}8_a_name_of_a_file_is_the_photos_own_and_no_path",
        ),
    },
    9: {
        "no neighbours": (
            f"{TRICKS}9_turning_pages_ends_at_the_edge_of_the_album",
            f"{TRICKS}9_a_cursor_of_ones_own_shows_the_album_and_nothing_else",
        ),
        "no search outside its photos": (
            f"{TRICKS}9_nothing_that_is_asked_in_an_address_widens_what_is_shown",
            f"{LINKS}1_what_opens_a_link_opens_nothing_else",
        ),
        "no sequential ids": (
            f"{TRICKS}8_and_9_nothing_that_is_said_names_the_owner_a_file_a_person_or_a_number",
            f"{TRICKS}9_a_photo_is_known_by_its_whole_key_alone",
        ),
    },
    10: {
        "off by default": (
            f"{GUESTS}a_link_takes_no_photos_unless_its_owner_says_so",
            f"{GUESTS}a_link_made_without_saying_so_is_to_look_at",
            f"{GUESTS}what_the_owner_takes_back_is_taken_back_at_once",
        ),
        "quota": (
            f"{GUESTS}number_and_size_of_what_waits_have_ends",
            f"{GUESTS}however_many_announce_at_once",
            f"{GUESTS}what_strangers_send_counts_for_the_owner_and_keeps_the_owner_out_of_nothing",
        ),
        "sniffed types": (
            f"{GUESTS}what_is_no_photo_is_gone_whatever_it_calls_itself",
            f"{GUESTS}a_photo_that_is_a_page_as_well_is_shown_as_a_picture_made_of_it",
        ),
        "quarantine": (
            f"{GUESTS}what_waits_is_seen_by_the_owner_on_the_page_for_it_and_by_nobody_else",
            f"{GUESTS}who_sends_a_photo_that_the_owner_has_learns_nothing_by_it",
        ),
        "no overwrite": (f"{GUESTS}two_guests_with_one_name_of_a_file_and_one_that_is_here_stay_three",),
        "no reading": (
            f"{GUESTS}nothing_that_was_sent_comes_back",
            f"{TRICKS}an_upload_of_one_link_is_none_at_another",
        ),
    },
    11: {
        "one wins": (f"{ACCOUNTS}11_two_browsers_racing_for_set_up_one_wins_and_nobody_else_becomes_admin",),
        "nobody else becomes admin": (
            f"{ACCOUNTS}11_until_set_up_every_page_leads_there_and_the_api_says_so",
            f"{ACCOUNTS}11_whoever_has_the_code_becomes_the_admin_and_gets_what_was_imported",
            f"{ACCOUNTS}11_a_wrong_or_used_or_older_code_makes_nobody_admin",
            f"{ACCOUNTS}11_guessing_the_code_is_slowed_down",
        ),
    },
    12: {
        "Login throttled": (
            f"{ACCOUNTS}12_guessing_is_slowed_down_alike_for_names_that_exist_and_others",
            f"{ACCOUNTS}12_a_try_is_counted_before_the_password_is_looked_at",
            f"{ACCOUNTS}12_the_wait_doubles_and_ends",
            f"{ACCOUNTS}12_the_count_survives_a_restart",
            f"{ACCOUNTS}12_many_tries_at_once_are_all_counted",
            f"{ACCOUNTS}12_one_address_guessing_many_names_is_slowed_down",
            f"{ACCOUNTS}12_an_account_of_ones_own_does_not_wipe_out_the_count_of_an_address",
            f"{ACCOUNTS}12_others_guessing_elsewhere_do_not_keep_somebody_out_where_they_have_been",
            f"{ACCOUNTS}12_whom_a_request_is_forwarded_for_counts_only_from_a_proxy_of_the_settings",
            f"{CREDENTIALS}guessing_codes_is_slowed_down_also_after_a_restart_and_with_a_new_password_step",
            f"{CREDENTIALS}guessing_the_password_from_an_open_browser_is_slowed_down",
            "web/test_behind_a_proxy.py::test_waits_count_for_the_client_who_guesses_whatever_it_says",
        ),
        "wrong user and wrong password look and time the same": (
            f"{ACCOUNTS}12_a_wrong_name_and_a_wrong_password_look_the_same_and_cost_the_same",
        ),
    },
    13: {
        "every state change": (
            f"{ACCOUNTS}13_no_state_is_changed_for_a_page_of_another_site",
            f"{ACCOUNTS}13_the_cookie_is_out_of_reach_for_scripts_and_for_forms_elsewhere",
            f"{ACCOUNTS}13_over_https_the_cookie_stays_there",
            f"{GUARD}nothing_is_changed_because_a_page_of_another_site_asks",
            f"{GUARD}a_page_of_another_site_changes_nothing",
            "web/test_behind_a_proxy.py::test_a_page_of_another_site_changes_nothing",
        ),
        "log-out": (f"{ACCOUNTS}13_no_state_is_changed_for_a_page_of_another_site",),
        "JSON": (f"{ACCOUNTS}13_no_state_is_changed_for_a_page_of_another_site", f"{GUARD}the_api_takes_no_form"),
    },
    14: {
        "Session fixation": (
            f"{ACCOUNTS}14_a_cookie_that_was_there_before_log_in_is_worth_nothing",
            f"{ACCOUNTS}14_only_the_hash_of_a_token_is_kept",
        ),
        "revoking a session": (
            f"{ACCOUNTS}14_a_revoked_session_ends_at_once",
            f"{ACCOUNTS}14_nobody_ends_or_sees_the_session_of_somebody_else",
            f"{ACCOUNTS}14_a_session_ends_by_itself",
            f"{ACCOUNTS}14_a_session_lasts_no_longer_than_it_may",
            f"{ACCOUNTS}14_log_out_ends_the_session_and_what_the_browser_kept",
        ),
        "a password change ends the other sessions": (
            f"{ACCOUNTS}14_a_password_change_ends_the_other_sessions",
            f"{ACCOUNTS}14_guessing_the_present_password_is_slowed_down",
            f"{ACCOUNTS}14_an_invitation_works_once_and_ends_the_sessions_before",
        ),
    },
    15: {
        "can't raise its own scope": (
            f"{TOKENS}15_every_route_of_the_api_asks_for_a_scope",
            f"{TOKENS}15_no_token_opens_anything_but_the_api",
            f"{TOKENS}15_a_token_does_nothing_that_its_scopes_do_not_say",
            "web/test_abuse_roles.py::test_15_a_token_of_one_scope_gets_nothing_of_the_others",
        ),
        "mint a wider one": (
            f"{TOKENS}15_no_token_opens_anything_but_the_api",
            f"{TOKENS}15_nobody_makes_a_token_that_may_do_more_than_they",
        ),
    },
    16: {
        "state": (
            f"{OIDC}16_the_flow_has_state_nonce_and_pkce",
            f"{OIDC}16_an_answer_to_another_sign_in_is_refused",
            f"{CREDENTIALS}abuse_16_an_answer_that_was_begun_elsewhere_signs_nobody_in",
            f"{CREDENTIALS}abuse_16_linking_is_never_begun_by_a_mere_link",
            f"{CREDENTIALS}abuse_16_a_link_goes_to_whoever_asked_for_it",
        ),
        "nonce": (
            f"{OIDC}16_the_flow_has_state_nonce_and_pkce",
            f"{OIDC}16_a_lie_in_the_id_token_is_refused",
            f"{OIDC}16_a_signature_that_is_not_the_providers_is_refused",
        ),
        "PKCE": (f"{OIDC}16_the_flow_has_state_nonce_and_pkce",),
        "no silent linking by e-mail": (
            f"{OIDC}16_nobody_is_known_by_name_or_address",
            f"{CREDENTIALS}abuse_16_nobody_is_linked_by_name_or_e_mail",
            f"{CREDENTIALS}abuse_16_a_new_user_is_made_where_the_settings_say_so_and_is_never_one_who_is_there",
            f"{CREDENTIALS}abuse_16_an_account_that_signs_in_somebody_is_not_linked_to_another",
        ),
    },
    17: {
        "every route": (
            f"{USERS}every_route_that_changes_something_is_classified",
            f"{USERS}every_id_in_an_address_is_known",
            f"{USERS}nothing_of_somebody_else_is_shown_changed_or_known_to_exist",
            "web/test_abuse_roles.py::test_17_nobody_gets_anything_and_learns_nothing",
            "web/test_abuse_roles.py::test_17_somebody_who_was_here_gets_nothing_of_what_was_kept",
            f"{GUARD}another_users_photo_is_nowhere",
        ),
        "every id in a body": (
            f"{USERS}what_the_tables_say_is_what_routes_do_for_their_own_user",
            f"{USERS}every_name_in_a_query_and_every_field_is_classified",
            f"{USERS}no_query_tells_anything_of_somebody_elses",
        ),
    },
    18: {
        "takes effect at once": (
            f"{ACCOUNTS}18_a_role_taken_away_takes_effect_at_once",
            f"{ACCOUNTS}18_a_disabled_user_is_out_at_once_and_comes_back_with_the_old_password",
            f"{ACCOUNTS}18_a_guest_changes_nothing_but_their_own_account",
            f"{ACCOUNTS}18_there_is_always_an_admin",
            "web/test_abuse_roles.py::test_18_a_guest_changes_nothing_whatever_is_sent",
            "web/test_abuse_roles.py::test_18_the_admins_rooms_are_closed_to_all_others",
            f"{TOKENS}18_a_role_taken_away_is_taken_from_its_tokens_at_once",
            f"{TOKENS}18_an_admin_who_is_none_any_more_has_no_admin_token_either",
            f"{CREDENTIALS}abuse_18_a_disabled_user_is_not_let_in_from_elsewhere",
        ),
    },
    19: {
        "Unknown Host header": (
            f"{ACCOUNTS}19_an_unknown_host_is_refused_everywhere_before_anything_else",
            f"{GUARD}foreign_names_are_refused",
            "web/test_behind_a_proxy.py::test_another_name_opens_nothing",
        ),
        "refused by an allow-list": (
            f"{ACCOUNTS}19_names_of_the_settings_are_answered",
            f"{ACCOUNTS}19_what_a_stranger_says_of_the_host_is_not_believed",
            f"{GUARD}an_app_on_the_network_answers_to_addresses_but_to_no_strange_name",
        ),
    },
    20: {
        "Open redirect in `?next=`": (
            f"{ACCOUNTS}20_a_log_in_leads_to_no_other_host",
            f"{ACCOUNTS}20_a_path_of_ours_is_gone_to",
            f"{CREDENTIALS}abuse_20_a_passkey_leads_to_our_own_pages_only",
        ),
        "clickjacking (`frame-ancestors`)": (f"{ACCOUNTS}20_no_page_is_shown_in_a_frame",),
    },
    21: {
        "SVG, HTML, PDF and polyglot files": (
            f"{CONTENT}21_no_file_is_ever_shown_as_a_page",
            f"{CONTENT}21_what_is_in_the_store_for_another_reason_is_saved_and_not_shown",
            f"{CONTENT}21_a_picture_to_search_by_is_not_given_back",
        ),
        "`nosniff`": (f"{CONTENT}21_no_file_is_ever_shown_as_a_page",),
        "a CSP sandbox on media": (f"{CONTENT}21_no_file_is_ever_shown_as_a_page",),
    },
    22: {
        **dict.fromkeys(
            ("file name", "folder", "EXIF", "XMP", "IPTC", "tag", "album", "person", "caption", "Takeout JSON"),
            EVERY_PAGE,
        ),
        **dict.fromkeys(("`og:title`", "feed"), (f"{TRICKS}22_a_name_of_a_link_is_words_and_nothing_more",)),
        "toast": (
            f"{IN_A_BROWSER}no_dialog_runs_what_somebody_wrote",
            f"{IN_A_BROWSER}files_that_are_added_run_nothing",
            f"{CONTENT}22_text_becomes_elements_in_known_places_only",
            f"{CONTENT}22_what_json_says_is_no_page",
        ),
        "map popup": (f"{IN_A_BROWSER}what_is_typed_finds_what_somebody_wrote_and_runs_nothing",),
        "formulas in a CSV export": (f"{SOURCES}22_there_is_no_csv_export_in_which_a_formula_could_stand",),
    },
    23: {
        "50,000 x 50,000 PNG": (
            f"{DECODE}a_bomb_is_refused_by_what_it_declares",
            f"{BAD_FILES}a_bomb_is_kept_out_by_its_declared_size",
            f"{FILES}23_a_whole_folder_of_bombs_is_taken_in_and_a_photo_among_them_is_shown",
        ),
        "one-pixel-wide strips": (f"{FILES}23_a_strip_one_pixel_wide_has_pictures_that_can_be_looked_at",),
        "GIF with 100,000 frames": (f"{DECODE}a_file_that_only_seems_endless_is_shown",),
        "looping TIFF directories": (
            f"{DECODE}a_file_that_only_seems_endless_is_shown",
            "photolib/test_metadata.py::test_directories_that_point_at_themselves_end",
        ),
        "HEIC grid": (
            f"{FILES}23_a_heic_grid_is_shown",
            f"{FILES}23_a_heic_grid_costs_no_more_than_a_photo_may",
            f"{DECODE}a_heic_that_claims_to_be_huge_is_refused",
        ),
        "many-scan\nJPEG": (f"{DECODE}a_photo_that_computes_too_long_names_the_limit",),
        "memory": (
            f"{DECODE}a_photo_that_needs_too_much_memory_names_the_limit",
            f"{DECODE}a_text_that_unpacks_to_hundreds_of_megabytes_is_left_out",
        ),
        "CPU": (f"{DECODE}a_photo_that_computes_too_long_names_the_limit",),
        "wall limits": (f"{DECODE}a_decoder_that_hangs_is_ended_and_replaced",),
        "the server keeps answering": (f"{BAD_FILES}the_whole_batch_survives_and_every_file_is_counted",),
    },
    24: {
        "path traversal": (
            f"{FILES}24_a_hostile_archive_is_counted_to_the_last_file_and_writes_nothing_elsewhere",
            f"{ARCHIVES}folders_and_names_come_apart_without_meaning_a_place_on_disk",
        ),
        "absolute names": (
            f"{FILES}24_a_hostile_archive_is_counted_to_the_last_file_and_writes_nothing_elsewhere",
            f"{ARCHIVES}folders_and_names_come_apart_without_meaning_a_place_on_disk",
        ),
        "links": (
            f"{FILES}24_a_hostile_archive_is_counted_to_the_last_file_and_writes_nothing_elsewhere",
            f"{ARCHIVES}links_and_devices_in_a_zip_are_left_alone",
            f"{ARCHIVES}links_devices_and_files_with_holes_in_a_tar_are_left_alone",
        ),
        "a lying header": (
            f"{FILES}24_a_hostile_archive_is_counted_to_the_last_file_and_writes_nothing_elsewhere",
            f"{ARCHIVES}sizes_that_lie_are_found_out",
            f"{ARCHIVES}no_more_comes_out_than_was_declared_though_the_checksum_fits",
            f"{ARCHIVES}a_place_that_lies_is_found_out",
            f"{ARCHIVES}a_size_in_a_tar_that_lies_is_found_out",
            f"{ARCHIVES}sizes_that_no_database_holds_are_not_passed_on",
        ),
        "nesting": (
            f"{FILES}24_a_hostile_archive_is_counted_to_the_last_file_and_writes_nothing_elsewhere",
            f"{ARCHIVES}an_archive_inside_is_named_and_not_followed",
        ),
        "a million entries": (
            f"{ARCHIVES}more_files_than_the_limit_are_said_and_the_first_are_delivered",
            f"{ARCHIVES}a_table_of_contents_that_would_fill_the_memory_is_not_read",
            f"{ARCHIVES}memory_does_not_grow_with_the_number_of_files_in_a_tar",
        ),
        "ratio": (
            f"{FILES}24_a_hostile_archive_is_counted_to_the_last_file_and_writes_nothing_elsewhere",
            f"{ARCHIVES}a_member_that_unpacks_to_far_too_much_is_stopped_and_the_next_is_read",
            f"{ARCHIVES}a_tar_bomb_is_not_unpacked_to_its_end",
            f"{ARCHIVES}files_that_overlap_to_hold_terabytes_are_refused",
        ),
        "duplicate names": (
            f"{FILES}24_a_hostile_archive_is_counted_to_the_last_file_and_writes_nothing_elsewhere",
            f"{ARCHIVES}namesakes_are_members_of_their_own",
        ),
    },
    25: {
        "XMP": (
            f"{FILES}25_entities_in_xmp_svg_and_gpx_are_never_unfolded",
            "photolib/test_xmp.py::test_entities_are_refused_and_never_unfolded",
            f"{BAD_FILES}sidecars_that_lie_or_attack_change_nothing_they_should_not",
            f"{SOURCES}25_xml_is_read_only_by_what_refuses_entities",
        ),
        "SVG": (f"{FILES}25_entities_in_xmp_svg_and_gpx_are_never_unfolded",),
        "GPX": (f"{FILES}25_entities_in_xmp_svg_and_gpx_are_never_unfolded",),
    },
    26: {
        "`concat:`": (
            f"{FILES}26_a_list_of_other_files_is_no_video",
            "photolib/test_variants.py::test_a_video_follows_no_reference_to_another_file",
        ),
        "remote playlists": (
            f"{FILES}26_a_list_of_other_files_is_no_video",
            "web/test_abuse_network.py::test_29_no_file_has_an_address_fetched",
        ),
    },
    27: {
        "start with `-`": (f"{FILES}27_a_name_that_looks_like_an_option_a_line_or_a_protocol_is_a_name",),
        "hold a newline": (f"{FILES}27_a_name_that_looks_like_an_option_a_line_or_a_protocol_is_a_name",),
        "wherever a program is called": (f"{SOURCES}27_no_program_is_started_with_a_name_from_a_file",),
    },
    28: {
        **dict.fromkeys(("`%2e%2e`", "`%5C`", "NUL", "over-long"), NO_PATH),
        "a link in a library that points outside it": (
            f"{CONTENT}28_links_in_a_library_lead_nowhere",
            f"{CONTENT}28_names_in_a_zip_stay_in_the_folder_it_is_unpacked_in",
            f"{CONTENT}28_a_form_leads_back_to_a_path_of_ours",
        ),
    },
    29: {
        "No URL is ever fetched on a user's behalf": (
            "web/test_abuse_network.py::test_29_only_a_short_list_of_modules_can_open_connections",
            "web/test_abuse_network.py::test_29_no_file_has_an_address_fetched",
            "web/test_abuse_network.py::test_29_no_word_has_an_address_fetched",
            "web/test_abuse_network.py::test_29_those_who_watch_would_hear",
            "models/test_abuse_reports.py::test_29_reading_text_leaves_no_trace_of_a_report",
            "models/test_abuse_reports.py::test_29_the_process_of_the_models_is_told_to_report_to_nobody",
            f"{OIDC}29_no_redirect_leads_us_elsewhere",
            f"{OIDC}29_a_configuration_that_leads_astray_is_not_followed",
        ),
    },
    30: {
        "SQL and full-text syntax in the search box": (
            f"{QUESTIONS}30_nothing_in_a_query_breaks_a_page",
            f"{QUESTIONS}30_nothing_in_a_field_breaks_an_act",
            f"{QUESTIONS}30_no_body_breaks_a_route",
            f"{QUESTIONS}30_a_body_that_cannot_be_meant_is_explained",
            f"{QUESTIONS}30_halves_of_characters_are_marked_and_all_else_stays",
            f"{QUESTIONS}30_a_name_that_nobody_asks_for_is_just_that",
            "photolib/search/test_engine.py::test_no_query_whatever_raises",
        ),
        "a 10 kB query": (f"{QUESTIONS}30_nothing_in_a_query_breaks_a_page",),
        "a pile of NOTs": (
            f"{QUESTIONS}30_nothing_in_a_query_breaks_a_page",
            "photolib/search/test_grammar.py::test_a_query_has_bounds",
        ),
        "page 10^6": (f"{QUESTIONS}30_pages_far_behind_the_last_are_empty_or_refused",),
        "regex blow-up": (
            f"{QUESTIONS}30_nothing_in_a_query_breaks_a_page",
            "photolib/search/test_grammar.py::test_any_text_is_a_query_and_reads_the_same_when_written_out",
        ),
    },
    31: {
        "streams in bounded memory": ("web/test_downloads.py::test_a_large_download_is_never_whole_in_memory",),
        "slow clients don't starve others": (
            "web/test_abuse_slow.py::test_those_who_stand_in_the_door_keep_nobody_else_out",
            "web/test_abuse_slow.py::test_a_crowd_at_the_door_holds_few_threads",
            "web/test_abuse_slow.py::test_every_door_that_is_sent_something_is_known",
            "web/test_abuse_slow.py::test_a_server_goes_on_while_many_send_slowly",
            "web/test_serving.py::test_readers_that_do_not_read_keep_nobody_waiting_and_fill_no_memory",
        ),
    },
    32: {
        "logs": (
            f"{ACCOUNTS}32_no_secret_is_in_a_log_or_an_answer",
            f"{ACCOUNTS}32_the_log_says_who_came_in_or_did_not_by_number_and_address_alone",
            f"{TOKENS}32_no_token_is_in_a_log",
            f"{CREDENTIALS}abuse_4_and_32_no_secret_is_in_a_log_or_on_an_error_page",
        ),
        "diagnostics": ("photolib/test_oidc.py::test_the_secret_may_lie_in_a_file_and_is_never_shown",),
        "error pages": (f"{ACCOUNTS}32_debug_is_off_and_a_bug_shows_nothing",),
        "debug is off": (f"{ACCOUNTS}32_debug_is_off_and_a_bug_shows_nothing",),
    },
    33: {
        "safetensors or ONNX": (f"{SOURCES}33_nothing_is_ever_unpickled",),
        "a checksum pinned": (
            "models/test_shelf.py::test_the_files_of_packages_are_those_of_the_catalogue",
            "models/test_shelf.py::test_a_changed_file_of_a_model_is_found_by_check",
            "models/test_embedder.py::test_a_file_that_is_gone_or_changed_is_found_out",
        ),
        "never an unchecked pickle": (f"{SOURCES}33_nothing_is_ever_unpickled",),
    },
    34: {
        "users": (
            f"{ACCOUNTS}34_no_cache_mixes_users",
            f"{ACCOUNTS}34_a_picture_kept_for_ever_is_kept_for_one_session",
        ),
        "links": (f"{LINKS}6_every_answer_below_a_link_keeps_its_address_to_itself",),
        "(`Vary`, `private`)": (f"{ACCOUNTS}34_no_cache_mixes_users",),
    },
}


@cache
def cases_of() -> dict[str, set[int]]:
    """For each test that is written here, the numbers of its cases."""
    found: dict[str, set[int]] = {}
    for number, parts in CASES.items():
        for tests in parts.values():
            for test in tests:
                found.setdefault(test, set()).add(number)
    return found


def numbers_in(name: str) -> list[int]:
    """The cases that a test is named after: [4, 32] for test_abuse_4_and_32_no_secret."""
    named = re.match(r"test_(?:abuse_)?(\d+(?:_and_\d+)*)_", name)
    numbers = [int(each) for each in named[1].split("_and_")] if named else []
    return numbers if all(1 <= each <= 34 for each in numbers) else []


@cache
def all_tests() -> frozenset[str]:
    """Every test there is, as `file::test`, read from the sources."""
    return frozenset(
        f"{file.relative_to(HERE).as_posix()}::{node.name}"
        for file in HERE.rglob("test_*.py")
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def lines(only: int | None = None) -> Iterator[str]:
    for number in range(1, 35):
        if only in (None, number):
            for part, tests in CASES.get(number, {}).items():
                yield f"{number:2}  {part.replace(chr(10), ' ')}"
                if only is not None:
                    yield from (f"      tests/{test}" for test in tests)
            if only is not None:
                yield f"{number:2}  named after it besides"
                named = {test for test in all_tests() if number in numbers_in(test.partition("::")[2])}
                yield from (f"      tests/{test}" for test in sorted(named) if number not in cases_of().get(test, ()))


if __name__ == "__main__":
    print("\n".join(lines(int(sys.argv[1]) if len(sys.argv) > 1 else None)))
