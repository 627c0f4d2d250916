"""Every path of `/v2` at Telnyx, and by what it is answered."""

from aiohttp import web

from destinations.simulator.telnyx import (
    account_api,
    media_api,
    messages,
    numbers_api,
    profiles_api,
    rcs_api,
)
from destinations.simulator.telnyx.inbound import MEDIA

V2 = "/v2"
PROFILES = V2 + "/messaging_profiles"
PROFILE = PROFILES + "/{id}"
SENDS = {
    "": "SendMessage",
    "/long_code": "CreateLongCodeMessage",
    "/number_pool": "CreateNumberPoolMessage",
    "/short_code": "CreateShortCodeMessage",
    "/alphanumeric_sender_id": "SendAlphanumericSenderIdMessage",
    "/schedule": "ScheduleMessage",
}
MESSAGE = V2 + "/messages/{id:[0-9a-f]{8}-[0-9a-f-]{27}}"


def add_telnyx(route: web.UrlDispatcher) -> None:
    for path, operation in SENDS.items():
        route.add_post(f"{V2}/messages{path}", messages.sending(operation))
    route.add_get(MEDIA + "{media}", media_api.open_media)
    route.add_get(MESSAGE, messages.fetch_message)
    route.add_delete(MESSAGE, messages.cancel_message)
    route.add_get(f"{V2}/balance", account_api.fetch_balance)
    route.add_get(f"{V2}/whoami", account_api.who_am_i)
    route.add_get(f"{V2}/messaging_optouts", account_api.show_opt_outs)
    route.add_get(f"{V2}/number_lookup/{{number}}", account_api.look_up)
    _add_profiles(route)
    _add_rcs(route)
    _add_numbers(route)


def _add_profiles(route: web.UrlDispatcher) -> None:
    route.add_get(PROFILES, profiles_api.show_profiles)
    route.add_post(PROFILES, profiles_api.create_profile)
    route.add_get(PROFILE, profiles_api.fetch_profile)
    route.add_patch(PROFILE, profiles_api.update_profile)
    route.add_delete(PROFILE, profiles_api.delete_profile)
    route.add_get(PROFILE + "/phone_numbers", numbers_api.show_profile_numbers)
    route.add_get(PROFILE + "/short_codes", numbers_api.show_profile_short_codes)
    names = PROFILE + "/alphanumeric_sender_ids"
    route.add_get(names, numbers_api.show_profile_names)
    answers = PROFILE + "/autoresp_configs"
    route.add_get(answers, profiles_api.show_answers)
    route.add_post(answers, profiles_api.create_answer)
    route.add_get(answers + "/{answer}", profiles_api.fetch_answer)
    route.add_put(answers + "/{answer}", profiles_api.update_answer)
    route.add_delete(answers + "/{answer}", profiles_api.delete_answer)


def _add_numbers(route: web.UrlDispatcher) -> None:
    route.add_get(f"{V2}/phone_numbers/messaging", numbers_api.show_numbers)
    number = f"{V2}/phone_numbers/{{id}}/messaging"
    route.add_get(number, numbers_api.fetch_number)
    route.add_patch(number, numbers_api.update_number)
    route.add_get(f"{V2}/short_codes", numbers_api.show_short_codes)
    route.add_get(f"{V2}/short_codes/{{id}}", numbers_api.fetch_short_code)
    route.add_patch(f"{V2}/short_codes/{{id}}", numbers_api.update_short_code)
    route.add_get(f"{V2}/alphanumeric_sender_ids", numbers_api.show_names)
    route.add_post(f"{V2}/alphanumeric_sender_ids", numbers_api.create_name)
    route.add_get(f"{V2}/alphanumeric_sender_ids/{{id}}", numbers_api.fetch_name)
    route.add_delete(f"{V2}/alphanumeric_sender_ids/{{id}}", numbers_api.delete_name)


def _add_rcs(route: web.UrlDispatcher) -> None:
    rcs = f"{V2}/messaging/rcs"
    route.add_post(f"{V2}/messages/rcs", rcs_api.send)
    route.add_get(f"{V2}/messages/rcs/deeplinks/{{agent}}", rcs_api.make_deep_link)
    route.add_get(f"{rcs}/agents", rcs_api.show_agents)
    route.add_get(f"{rcs}/agents/{{id}}", rcs_api.fetch_agent)
    route.add_patch(f"{rcs}/agents/{{id}}", rcs_api.update_agent)
    phone = f"{rcs}/capabilities/{{agent}}/{{number}}"
    route.add_get(phone, rcs_api.fetch_capabilities)
    route.add_post(f"{rcs}/bulk_capabilities", rcs_api.fetch_bulk)
    route.add_put(f"{rcs}/test_number_invite/{{id}}/{{number}}", rcs_api.invite)
