"""A stand-in for Salesforce, HubSpot and the Sync Health bridge, over HTTP on loopback, with real state.

It stands for other companies: of the exporter it knows nothing but the names in the catalogue's YAML (`names`).

From top to bottom; each imports only what is further down, and what stands on one line does not know one another:

    __main__                                     the process
    app                                          puts everything together
    control | life                               somebody pulls the strings | people who do so by themselves
    salesforce | hubspot | bridge_api            the HTTP faces of the outside world
    gate                                         what every request passes
    spoiled | in_between                         answers that look right at first | those of whoever stands in front
    world                                        all orgs together
    org                                          one customer: what happens to it, and what can be done to it
    sync | mail                                  HubSpot's rounds, and when it suspends | the e-mails it writes
    state                                        what is true of a customer
    faults | login_faults | names | settings …   the ground
"""
