"""The service under mixed traffic for a while: does anything fail, grow, or pile up?"""
