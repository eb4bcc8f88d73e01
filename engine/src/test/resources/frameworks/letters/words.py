OWNER = "letters"
