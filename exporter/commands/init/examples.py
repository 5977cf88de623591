"""Sections that the configuration has as commented examples: without their ``# `` they are what they say."""

UNSYNCED = """\
      # unsynced:                               # records that changed and have not reached Salesforce
      #   grace: 30m
      #   window: 24h
"""

MAILBOX = """\
    # mailbox:                                  # HubSpot's notification e-mails: suspensions without a bridge
    #   host: imap.example.com
    #   username: hubspot-notifications@example.com
    #   password_file: secrets/mailbox          # or access_token_file (XOAUTH2), as Microsoft and Google want it
"""

CANARY = """\
    # canary:                                   # one record made for this is changed now and then, and looked for
    #   object: contacts
    #   hubspot_id: "101"
    #   property: salesforce_canary
    #   salesforce_object: Contact
    #   salesforce_id: 0030000000000AA
    #   field: HubSpot_Canary__c
"""

_TOUCH = """\
    # remediation:                              # resyncs by writing a mapped property made for nothing but this
    #   touch:
    #     property: salesforce_resync_requested_at
"""

REMEDIATION = """\
  # dry_run: true                               # only say what would be resynced
"""


def touch(name: str) -> str:
    """With a property it is no example."""
    if not name:
        return _TOUCH
    return _TOUCH.replace("# ", "", 1).replace("#   ", "  ").replace("salesforce_resync_requested_at", name)
