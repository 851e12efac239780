"""Tests of the library that speaks with pdk.io, without Home Assistant."""
