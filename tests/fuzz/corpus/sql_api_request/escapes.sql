SELECT E'a'
'\' x', U&"d\0061" UESCAPE '!', $a$ $b$ $a$