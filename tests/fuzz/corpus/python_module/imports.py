from m1 import *
from m1 import A as B
import m2 as c
revision = B + c.X
depends_on = c.Y, B
__all__ = ['A', 'depends_on']
A = 'a'
from .m1 import Q
from m2 import X
X = 'x'; Y = ['y']
import m1
