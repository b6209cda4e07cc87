"""SIRO of Banco Roela: payment codes, debt files, coupons, payment button and renditions (Argentina)."""
