"""The collection files of Colombia's banks, as Asobancaria recommends them."""
