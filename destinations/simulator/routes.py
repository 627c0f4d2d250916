"""Every path that is answered, and by what."""

from aiohttp import web

from destinations.simulator import (
    admin,
    admin_accounts,
    campaigns_api,
    channel_senders,
    content_api,
    handsets,
    links,
    lookups,
    media_api,
    messages,
    pool_api,
    resources,
    senders,
    services_api,
)
from destinations.simulator.telnyx.routes import add_telnyx

ACCOUNT = "/2010-04-01/Accounts/{account:AC[0-9a-fA-F]{32}}"
MESSAGES = ACCOUNT + "/Messages"
MESSAGE = MESSAGES + "/{sid:(?:SM|MM)[0-9a-fA-F]{32}}"
MEDIA = MESSAGE + "/Media/{media:ME[0-9a-fA-F]{32}}"
NUMBERS = ACCOUNT + "/IncomingPhoneNumbers"
NUMBER = NUMBERS + "/{sid:PN[0-9a-fA-F]{32}}.json"
SHORT_CODE = ACCOUNT + "/SMS/ShortCodes/{sid:SC[0-9a-fA-F]{32}}.json"
SERVICE = "/v1/Services/{service:MG[0-9a-fA-F]{32}}"
CAMPAIGNS = SERVICE + "/Compliance/Usa2p"
CAMPAIGN = CAMPAIGNS + "/{sid:QE[0-9a-fA-F]{32}}"
POOL = SERVICE + f"/{{kind:{'|'.join(pool_api.KINDS)}}}"
HANDSETS = "/handsets/{account:AC[0-9a-f]{32}}/{key:[0-9a-f]{32}}"
HANDSET = HANDSETS + r"/{phone:\+[1-9]\d{6,14}}"
CONTENT = "/v1/Content/{sid:HX[0-9a-fA-F]{32}}"


def add_routes(route: web.UrlDispatcher) -> None:
    route.add_post(MESSAGES + ".json", messages.create_message)
    route.add_get(MESSAGES + ".json", messages.show_messages)
    route.add_get(MESSAGE + ".json", messages.fetch_message)
    route.add_post(MESSAGE + ".json", messages.update_message)
    route.add_delete(MESSAGE + ".json", messages.delete_message)
    route.add_get(MESSAGE + "/Media.json", media_api.show_media)
    route.add_get(MEDIA + ".json", media_api.fetch_media)
    route.add_delete(MEDIA + ".json", media_api.delete_media)
    route.add_get(MEDIA, media_api.open_media)
    route.add_post(MESSAGE + "/Feedback.json", media_api.create_feedback)
    route.add_get("/2010-04-01/Accounts.json", resources.show_accounts)
    route.add_get(ACCOUNT + ".json", resources.fetch_account)
    route.add_get(ACCOUNT + "/Balance.json", resources.fetch_balance)
    route.add_get(NUMBERS + ".json", senders.show_numbers)
    route.add_get(NUMBER, senders.fetch_number)
    route.add_post(NUMBER, senders.update_number)
    route.add_get(ACCOUNT + "/SMS/ShortCodes.json", senders.show_short_codes)
    route.add_get(SHORT_CODE, senders.fetch_short_code)
    route.add_post(SHORT_CODE, senders.update_short_code)
    _add_newer(route)
    add_telnyx(route)
    _add_handsets(route)
    _add_ours(route)


def _add_newer(route: web.UrlDispatcher) -> None:
    route.add_get("/v1/Services", services_api.show_services)
    route.add_post("/v1/Services", services_api.create_service)
    route.add_get("/v1/Services/Usecases", services_api.show_usecases)
    route.add_get(SERVICE, services_api.fetch_service)
    route.add_post(SERVICE, services_api.update_service)
    route.add_delete(SERVICE, services_api.delete_service)
    route.add_get(CAMPAIGNS, campaigns_api.show_campaigns)
    route.add_post(CAMPAIGNS, campaigns_api.create_campaign)
    route.add_get(CAMPAIGNS + "/Usecases", campaigns_api.show_usecases)
    route.add_get(CAMPAIGN, campaigns_api.fetch_campaign)
    route.add_post(CAMPAIGN, campaigns_api.update_campaign)
    route.add_delete(CAMPAIGN, campaigns_api.delete_campaign)
    route.add_get(POOL, pool_api.show_pool)
    route.add_post(POOL, pool_api.add_to_pool)
    route.add_get(POOL + "/{sid}", pool_api.fetch_from_pool)
    route.add_delete(POOL + "/{sid}", pool_api.delete_from_pool)
    route.add_get("/v1/Content", content_api.show_contents)
    route.add_post("/v1/Content", content_api.create_content)
    route.add_get(CONTENT, content_api.fetch_content)
    route.add_put(CONTENT, content_api.update_content)
    route.add_delete(CONTENT, content_api.delete_content)
    route.add_get(CONTENT + "/ApprovalRequests", content_api.fetch_approval)
    sender = "/v2/Channels/Senders/{sid:XE[0-9a-fA-F]{32}}"
    route.add_get("/v2/Channels/Senders", channel_senders.show_senders)
    route.add_get(sender, channel_senders.fetch_sender)
    route.add_post(sender, channel_senders.update_sender)
    route.add_get("/v2/PhoneNumbers/{number}", lookups.fetch_number)


def _add_handsets(route: web.UrlDispatcher) -> None:
    route.add_get("/handsets", handsets.enter)
    route.add_get("/handsets/", handsets.enter)
    route.add_get("/handsets/assets/{name}", handsets.show_asset)
    route.add_get(HANDSETS + "/", handsets.show_phones)
    route.add_get(HANDSETS + "/media/{media}", handsets.show_media)
    route.add_get(HANDSET, handsets.show_phone)
    route.add_post(HANDSET + "/reply", handsets.reply)
    route.add_post(HANDSET + "/airplane", handsets.switch_airplane)
    route.add_post(HANDSET + "/rcs", handsets.switch_rcs)
    route.add_post(HANDSET + "/read", handsets.mark_read)


def _add_ours(route: web.UrlDispatcher) -> None:
    route.add_get(f"/{{link:{links.PATTERN}}}", links.follow)
    route.add_get("/_simulator/health", admin.show_health)
    route.add_get("/_simulator/ledger", admin.show_ledger)
    route.add_get("/_simulator/requests", admin.show_requests)
    route.add_get("/_simulator/listings", admin.show_listings)
    route.add_put("/_simulator/accounts/{account}", admin_accounts.put_account)
    route.add_put(
        "/_simulator/accounts/{account}/services/{service}", admin_accounts.put_service
    )
    route.add_get("/_simulator/optouts", admin_accounts.show_opt_outs)
    route.add_post("/_simulator/inbound", admin_accounts.write_inbound)
    route.add_post("/_simulator/faults", admin.set_faults)
    route.add_delete("/_simulator/faults", admin.clear_faults)
