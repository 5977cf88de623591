"""An e-mail as it lies in the owner's mailbox: HubSpot's headers, and those that the owner's server put above them.

Senders, return paths and the form of ``Authentication-Results`` (RFC 8601, here as Google writes it) are the real ones;
signatures are not: nobody checks them after the receiving server has.
"""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

from exporter.demo.simulator.mail.wording import Wording

SENDER = "HubSpot <noreply@notifications.hubspot.com>"
RETURN_PATH = "notify.hubspotemail.net"


def letter(wording: Wording, org_name: str, portal_id: int, number: int, now: float) -> bytes:
    """Plain text and HTML of the same words, with CRLF, seven bits."""
    link = f"https://app.hubspot.com/integrations-settings/{portal_id}/installed/salesforce/health"
    date = format_datetime(datetime.fromtimestamp(now, UTC))
    server = f"mx.{org_name}.example"
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    message["Return-Path"] = f"<bounce-{portal_id}-{number}@{RETURN_PATH}>"
    message["Received"] = f"from {RETURN_PATH} by {server} with ESMTPS id sim{number:08d}; {date}"
    message["Authentication-Results"] = (
        f"{server}; dkim=pass header.i=@notifications.hubspot.com header.s=hs1 header.b=c2ltdWxh; "
        f"spf=pass smtp.mailfrom=bounce-{portal_id}-{number}@{RETURN_PATH}; "
        "dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=notifications.hubspot.com"
    )
    message["DKIM-Signature"] = (
        "v=1; a=rsa-sha256; c=relaxed/relaxed; d=notifications.hubspot.com; s=hs1; "
        "h=from:to:subject:date:message-id; bh=c2ltdWxhdGVk; b=c2ltdWxhdGVk"
    )
    message["From"] = SENDER
    message["To"] = f"crm-alerts@{org_name}.example"
    message["Subject"] = wording.subject
    message["Date"] = date
    message["Message-ID"] = f"<{portal_id}.{number}.{int(now)}@notifications.hubspot.com>"
    message["X-Simulated"] = "yes"
    message.set_content(_plain(wording, link), cte="quoted-printable")
    message.add_alternative(_html(wording, link), subtype="html", cte="quoted-printable")
    # What stands between the parts is drawn by lot, and a letter is the same whenever it is written.
    message.set_boundary(f"=_simulated_{portal_id}_{number}")
    return bytes(message)


def _plain(wording: Wording, link: str) -> str:
    rows = "\n".join(f"{label}: {value}" for label, value in wording.rows)
    return "\n\n".join([*wording.paragraphs, rows, f"Open Sync Health: {link}", "HubSpot, Inc."]) + "\n"


def _html(wording: Wording, link: str) -> str:
    paragraphs = "".join(f"<p>{escape(text)}</p>\n" for text in wording.paragraphs)
    rows = "".join(f"<tr><td>{escape(label)}</td><td>{escape(value)}</td></tr>\n" for label, value in wording.rows)
    return (
        f"<html><head><title>{escape(wording.subject)}</title><style>td {{ padding: 4px; }}</style></head>\n"
        f"<body><h1>{escape(wording.subject)}</h1>\n{paragraphs}<table>\n{rows}</table>\n"
        f'<p><a href="{escape(link)}">Open Sync Health</a></p>\n<p>HubSpot, Inc.</p></body></html>\n'
    )
