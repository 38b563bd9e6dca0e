"""How people sign in and get in: password, second factor, single sign-on, and the mails they are sent about it."""
