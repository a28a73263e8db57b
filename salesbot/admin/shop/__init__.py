"""What is sold and what is said: products, keys, coupons, links, words, the menu, quick answers."""
