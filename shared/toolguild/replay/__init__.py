"""A task built anew from the log: does it come to the same end, and if not, where does it part?"""
