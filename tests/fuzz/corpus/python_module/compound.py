if not 0:
	revision = u'a\x41\u00e9\101\N{DASH}' rb'' f'{{'
elif foo(): pass
else:
  pass
try:
  from a import b as revision
except (A, B) as e: down_revision = (revision := 1)
finally: pass
for revision, *x in [i for i in y]: break
while True: depends_on += 'x'
with a as (b, c): depends_on.append(lambda: 1)
match x:
  case [a, revision]: del revision
