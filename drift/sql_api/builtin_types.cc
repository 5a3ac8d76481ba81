#include "drift/sql_api/value_type.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace drift::sql_api {
namespace {

struct Builtin {
  std::uint32_t oid;
  std::string_view name;
  Notation notation;
  std::uint32_t element;  // of an array, else 0
};

// In the order of the oids, which never change: src/include/catalog/pg_type.dat of PostgreSQL 15.
// Types that no query can return are left out; a later server's own are looked up in its catalog.
constexpr std::array kBuiltins = std::to_array<Builtin>({
    {16, "bool", Notation::kBool, 0},
    {17, "bytea", Notation::kBytea, 0},
    {18, "char", Notation::kText, 0},
    {19, "name", Notation::kText, 0},
    {20, "int8", Notation::kBigNumber, 0},
    {21, "int2", Notation::kNumber, 0},
    {22, "int2vector", Notation::kText, 0},
    {23, "int4", Notation::kNumber, 0},
    {24, "regproc", Notation::kText, 0},
    {25, "text", Notation::kText, 0},
    {26, "oid", Notation::kNumber, 0},
    {27, "tid", Notation::kText, 0},
    {28, "xid", Notation::kText, 0},
    {29, "cid", Notation::kText, 0},
    {30, "oidvector", Notation::kText, 0},
    {114, "json", Notation::kJson, 0},
    {142, "xml", Notation::kText, 0},
    {143, "xml[]", Notation::kText, 142},
    {194, "pg_node_tree", Notation::kText, 0},
    {199, "json[]", Notation::kText, 114},
    {271, "xid8[]", Notation::kText, 5069},
    {600, "point", Notation::kText, 0},
    {601, "lseg", Notation::kText, 0},
    {602, "path", Notation::kText, 0},
    {603, "box", Notation::kText, 0},
    {604, "polygon", Notation::kText, 0},
    {628, "line", Notation::kText, 0},
    {629, "line[]", Notation::kText, 628},
    {650, "cidr", Notation::kText, 0},
    {651, "cidr[]", Notation::kText, 650},
    {700, "float4", Notation::kFloat, 0},
    {701, "float8", Notation::kFloat, 0},
    {705, "unknown", Notation::kText, 0},
    {718, "circle", Notation::kText, 0},
    {719, "circle[]", Notation::kText, 718},
    {774, "macaddr8", Notation::kText, 0},
    {775, "macaddr8[]", Notation::kText, 774},
    {790, "money", Notation::kText, 0},
    {791, "money[]", Notation::kText, 790},
    {829, "macaddr", Notation::kText, 0},
    {869, "inet", Notation::kText, 0},
    {1000, "bool[]", Notation::kText, 16},
    {1001, "bytea[]", Notation::kText, 17},
    {1002, "char[]", Notation::kText, 18},
    {1003, "name[]", Notation::kText, 19},
    {1005, "int2[]", Notation::kText, 21},
    {1006, "int2vector[]", Notation::kText, 22},
    {1007, "int4[]", Notation::kText, 23},
    {1008, "regproc[]", Notation::kText, 24},
    {1009, "text[]", Notation::kText, 25},
    {1010, "tid[]", Notation::kText, 27},
    {1011, "xid[]", Notation::kText, 28},
    {1012, "cid[]", Notation::kText, 29},
    {1013, "oidvector[]", Notation::kText, 30},
    {1014, "bpchar[]", Notation::kText, 1042},
    {1015, "varchar[]", Notation::kText, 1043},
    {1016, "int8[]", Notation::kText, 20},
    {1017, "point[]", Notation::kText, 600},
    {1018, "lseg[]", Notation::kText, 601},
    {1019, "path[]", Notation::kText, 602},
    {1020, "box[]", Notation::kText, 603},
    {1021, "float4[]", Notation::kText, 700},
    {1022, "float8[]", Notation::kText, 701},
    {1027, "polygon[]", Notation::kText, 604},
    {1028, "oid[]", Notation::kText, 26},
    {1033, "aclitem", Notation::kText, 0},
    {1034, "aclitem[]", Notation::kText, 1033},
    {1040, "macaddr[]", Notation::kText, 829},
    {1041, "inet[]", Notation::kText, 869},
    {1042, "bpchar", Notation::kText, 0},
    {1043, "varchar", Notation::kText, 0},
    {1082, "date", Notation::kText, 0},
    {1083, "time", Notation::kTime, 0},
    {1114, "timestamp", Notation::kTimestamp, 0},
    {1115, "timestamp[]", Notation::kText, 1114},
    {1182, "date[]", Notation::kText, 1082},
    {1183, "time[]", Notation::kText, 1083},
    {1184, "timestamptz", Notation::kTimestampWithZone, 0},
    {1185, "timestamptz[]", Notation::kText, 1184},
    {1186, "interval", Notation::kText, 0},
    {1187, "interval[]", Notation::kText, 1186},
    {1231, "numeric[]", Notation::kText, 1700},
    {1263, "cstring[]", Notation::kText, 2275},
    {1266, "timetz", Notation::kTimeWithZone, 0},
    {1270, "timetz[]", Notation::kText, 1266},
    {1560, "bit", Notation::kText, 0},
    {1561, "bit[]", Notation::kText, 1560},
    {1562, "varbit", Notation::kText, 0},
    {1563, "varbit[]", Notation::kText, 1562},
    {1700, "numeric", Notation::kText, 0},
    {1790, "refcursor", Notation::kText, 0},
    {2201, "refcursor[]", Notation::kText, 1790},
    {2202, "regprocedure", Notation::kText, 0},
    {2203, "regoper", Notation::kText, 0},
    {2204, "regoperator", Notation::kText, 0},
    {2205, "regclass", Notation::kText, 0},
    {2206, "regtype", Notation::kText, 0},
    {2207, "regprocedure[]", Notation::kText, 2202},
    {2208, "regoper[]", Notation::kText, 2203},
    {2209, "regoperator[]", Notation::kText, 2204},
    {2210, "regclass[]", Notation::kText, 2205},
    {2211, "regtype[]", Notation::kText, 2206},
    {2249, "record", Notation::kText, 0},
    {2275, "cstring", Notation::kText, 0},
    {2277, "anyarray", Notation::kText, 0},
    {2278, "void", Notation::kText, 0},
    {2287, "record[]", Notation::kText, 2249},
    {2949, "txid_snapshot[]", Notation::kText, 2970},
    {2950, "uuid", Notation::kText, 0},
    {2951, "uuid[]", Notation::kText, 2950},
    {2970, "txid_snapshot", Notation::kText, 0},
    {3220, "pg_lsn", Notation::kText, 0},
    {3221, "pg_lsn[]", Notation::kText, 3220},
    {3361, "pg_ndistinct", Notation::kText, 0},
    {3402, "pg_dependencies", Notation::kText, 0},
    {3614, "tsvector", Notation::kText, 0},
    {3615, "tsquery", Notation::kText, 0},
    {3642, "gtsvector", Notation::kText, 0},
    {3643, "tsvector[]", Notation::kText, 3614},
    {3644, "gtsvector[]", Notation::kText, 3642},
    {3645, "tsquery[]", Notation::kText, 3615},
    {3734, "regconfig", Notation::kText, 0},
    {3735, "regconfig[]", Notation::kText, 3734},
    {3769, "regdictionary", Notation::kText, 0},
    {3770, "regdictionary[]", Notation::kText, 3769},
    {3802, "jsonb", Notation::kJson, 0},
    {3807, "jsonb[]", Notation::kText, 3802},
    {3904, "int4range", Notation::kText, 0},
    {3905, "int4range[]", Notation::kText, 3904},
    {3906, "numrange", Notation::kText, 0},
    {3907, "numrange[]", Notation::kText, 3906},
    {3908, "tsrange", Notation::kText, 0},
    {3909, "tsrange[]", Notation::kText, 3908},
    {3910, "tstzrange", Notation::kText, 0},
    {3911, "tstzrange[]", Notation::kText, 3910},
    {3912, "daterange", Notation::kText, 0},
    {3913, "daterange[]", Notation::kText, 3912},
    {3926, "int8range", Notation::kText, 0},
    {3927, "int8range[]", Notation::kText, 3926},
    {4072, "jsonpath", Notation::kText, 0},
    {4073, "jsonpath[]", Notation::kText, 4072},
    {4089, "regnamespace", Notation::kText, 0},
    {4090, "regnamespace[]", Notation::kText, 4089},
    {4096, "regrole", Notation::kText, 0},
    {4097, "regrole[]", Notation::kText, 4096},
    {4191, "regcollation", Notation::kText, 0},
    {4192, "regcollation[]", Notation::kText, 4191},
    {4451, "int4multirange", Notation::kText, 0},
    {4532, "nummultirange", Notation::kText, 0},
    {4533, "tsmultirange", Notation::kText, 0},
    {4534, "tstzmultirange", Notation::kText, 0},
    {4535, "datemultirange", Notation::kText, 0},
    {4536, "int8multirange", Notation::kText, 0},
    {4600, "pg_brin_bloom_summary", Notation::kText, 0},
    {4601, "pg_brin_minmax_multi_summary", Notation::kText, 0},
    {5017, "pg_mcv_list", Notation::kText, 0},
    {5038, "pg_snapshot", Notation::kText, 0},
    {5039, "pg_snapshot[]", Notation::kText, 5038},
    {5069, "xid8", Notation::kText, 0},
    {6150, "int4multirange[]", Notation::kText, 4451},
    {6151, "nummultirange[]", Notation::kText, 4532},
    {6152, "tsmultirange[]", Notation::kText, 4533},
    {6153, "tstzmultirange[]", Notation::kText, 4534},
    {6155, "datemultirange[]", Notation::kText, 4535},
    {6157, "int8multirange[]", Notation::kText, 4536},
});

const Builtin* find(std::uint32_t oid) {
  const auto at =
      std::lower_bound(kBuiltins.begin(), kBuiltins.end(), oid,
                       [](const Builtin& type, std::uint32_t o) { return type.oid < o; });
  return at != kBuiltins.end() && at->oid == oid ? &*at : nullptr;
}

}  // namespace

std::optional<ValueType> builtin_type(std::uint32_t oid) {
  const Builtin* found = find(oid);
  if (found == nullptr) return {};
  ValueType type;
  type.name = found->name;
  type.notation = found->notation;
  if (found->element == 0) return type;
  type.is_array = true;
  type.notation = find(found->element)->notation;
  // Of all element types, box alone is parted by another character: its own text has commas.
  constexpr std::uint32_t kBox = 603;
  if (found->element == kBox) type.delimiter = ';';
  return type;
}

}  // namespace drift::sql_api
