"""PDK 2.0 (systems.pdk.io). Experimental: not yet seen a real system."""
