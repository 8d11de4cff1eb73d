"""The classic dialect: the portal's monitor detail, as it was before SEMS+."""
