x = f'{f"{f'{1:{2}}'}"}' '''
''' "\
"
revision = (((['a'],),),)
down_revision, (a, [b]) = 'x', ('y', ['z'])
