"""What both simulators stand on: exchanges, clock, ids, faults, journal, deliveries, serving."""
