"""A stand-in for Salesforce, HubSpot and the Sync Health bridge, over HTTP on loopback, with real state.

It stands for other companies: of the exporter it knows nothing but the names in the catalogue's YAML (`names`).

From top to bottom:

    __main__                                     the process
    app                                          puts everything together
    control | life                               somebody pulls the strings | people who do so by themselves
    salesforce | hubspot | bridge_api            the HTTP faces of the outside world
    gate, spoiled                                what every request passes, and how answers are spoiled
    world                                        all orgs together
    org                                          one customer: what happens to it, and what can be done to it
    sync                                         HubSpot's rounds, and when it suspends
    state                                        what is true of a customer
    faults | names | settings | clock            the ground
"""
