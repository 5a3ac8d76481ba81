# -*- coding: latin-1 -*-
print "x", `y`
if a <> 0777L: raise E, "x"
revision = ur'aé'
exec "x" in d
