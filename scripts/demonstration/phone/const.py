"""Constants of the stand-in phone."""

DOMAIN = "mobile_app"
PHONE = "Demo phone"
