"""SPDX 2: software bills of materials."""
