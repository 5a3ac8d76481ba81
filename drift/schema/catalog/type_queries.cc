#include <fmt/format.h>

#include "drift/schema/catalog/catalog_queries.h"
#include "drift/schema/catalog/query_parts.h"

namespace drift::schema {
namespace {

// The columns of every type, and where they come from.
std::string type_query(std::string_view properties, std::string_view joins,
                       std::string_view which) {
  return fmt::format(R"(
SELECT n.nspname AS schema, t.typname AS object, t.oid AS member, {}, {}
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace {}
{}
WHERE {} AND {})",
                     properties, described("t.typowner", "t.typacl", "'T'"), joins,
                     comment_join("t.oid", "pg_type"), which, kUserSchema);
}

CatalogQuery enums() {
  return {
      {"enum"},
      kClassOfTypes,
      type_query("(SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) "
                 "FROM pg_enum e WHERE e.enumtypid = t.oid) AS s_labels",
                 "", "t.typtype = 'e'"),
      false};
}

CatalogQuery domains() {
  return {{"domain"},
          kClassOfTypes,
          type_query("format_type(t.typbasetype, t.typtypmod) AS s_type, "
                     "CASE WHEN t.typnotnull THEN 'yes' END AS s_not_null, "
                     "coalesce(pg_get_expr(t.typdefaultbin, 0), t.typdefault) AS e_default, "
                     "CASE WHEN co.oid IS NOT NULL THEN " +
                         collation_name("co", "con") + " END AS s_collation",
                     "JOIN pg_type b ON b.oid = t.typbasetype "
                     "LEFT JOIN pg_collation co ON co.oid = t.typcollation AND t.typcollation <> "
                     "b.typcollation "
                     "LEFT JOIN pg_namespace con ON con.oid = co.collnamespace",
                     "t.typtype = 'd'"),
          false};
}

CatalogQuery composites() {
  return {
      {"composite type"},
      kClassOfTypes,
      type_query("NULL AS s_nothing", "JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'",
                 "t.typtype = 'c'"),
      false};
}

CatalogQuery ranges() {
  return {
      {"range type"},
      kClassOfTypes,
      type_query(
          "format_type(r.rngsubtype, NULL) AS s_subtype, "
          "CASE WHEN NOT oc.opcdefault THEN " +
              qualified("ocn", "oc.opcname") +
              " END AS s_operator_class, "
              "CASE WHEN r.rngcollation <> b.typcollation THEN " +
              collation_name("co", "con") +
              " END AS s_collation, "
              "CASE WHEN r.rngcanonical <> 0 THEN r.rngcanonical::regproc::text END AS "
              "s_canonical, "
              "CASE WHEN r.rngsubdiff <> 0 THEN r.rngsubdiff::regproc::text END AS s_difference",
          "JOIN pg_range r ON r.rngtypid = t.oid JOIN pg_type b ON b.oid = r.rngsubtype "
          "JOIN pg_opclass oc ON oc.oid = r.rngsubopc JOIN pg_namespace ocn ON ocn.oid = "
          "oc.opcnamespace "
          "LEFT JOIN pg_collation co ON co.oid = r.rngcollation "
          "LEFT JOIN pg_namespace con ON con.oid = co.collnamespace",
          "t.typtype = 'r'"),
      false};
}

// Arrays and the rows of tables come with what they are of.
CatalogQuery base_types() {
  return {
      {"base type"},
      kClassOfTypes,
      type_query(
          "t.typinput::regproc::text AS s_input, t.typoutput::regproc::text AS s_output, "
          "CASE WHEN t.typreceive <> 0 THEN t.typreceive::regproc::text END AS s_receive, "
          "CASE WHEN t.typsend <> 0 THEN t.typsend::regproc::text END AS s_send, "
          "CASE WHEN t.typmodin <> 0 THEN t.typmodin::regproc::text END AS s_modifier_input, "
          "CASE WHEN t.typmodout <> 0 THEN t.typmodout::regproc::text END AS s_modifier_output, "
          "CASE WHEN t.typanalyze <> 0 THEN t.typanalyze::regproc::text END AS s_analyze, "
          "t.typlen::text AS s_length, CASE WHEN t.typbyval THEN 'yes' END AS s_by_value, "
          "t.typalign::text AS s_alignment, t.typstorage::text AS s_storage, "
          "t.typcategory::text AS s_category, CASE WHEN t.typispreferred THEN 'yes' END AS "
          "s_preferred, "
          "t.typdelim::text AS s_delimiter, t.typdefault AS s_default, "
          "CASE WHEN t.typcollation <> 0 THEN 'yes' END AS s_collatable, "
          "CASE WHEN NOT t.typisdefined THEN 'yes' END AS s_shell",
          "",
          "t.typtype IN ('b', 'p') AND NOT EXISTS "
          "(SELECT FROM pg_type e WHERE e.typarray = t.oid)"),
      false};
}

CatalogQuery operators() {
  return {{"operator"},
          2617,
          fmt::format(R"(
SELECT n.nspname AS schema, o.oid AS member,
  o.oprname || '(' || CASE WHEN o.oprleft = 0 THEN 'NONE' ELSE format_type(
    o.oprleft, NULL) END || ', '
    || CASE WHEN o.oprright = 0 THEN 'NONE' ELSE format_type(o.oprright, NULL) END || ')' AS object,
  format_type(o.oprresult, NULL) AS s_result, o.oprcode::regproc::text AS s_function,
  CASE WHEN o.oprcom <> 0 THEN o.oprcom::regoperator::text END AS s_commutator,
  CASE WHEN o.oprnegate <> 0 THEN o.oprnegate::regoperator::text END AS s_negator,
  CASE WHEN o.oprrest <> 0 THEN o.oprrest::regproc::text END AS s_restrict,
  CASE WHEN o.oprjoin <> 0 THEN o.oprjoin::regproc::text END AS s_join,
  CASE WHEN o.oprcanmerge THEN 'yes' END AS s_merges, CASE WHEN o.oprcanhash THEN 'yes'
      END AS s_hashes,
  pg_get_userbyid(o.oprowner) AS o_owner, d.description AS c_comment
FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
{}
WHERE {})",
                      comment_join("o.oid", "pg_operator"), kUserSchema),
          false};
}

// What is in a family or class, in one order.
constexpr const char* kMembers = R"(
  (SELECT string_agg(m.text, '; ' ORDER BY m.text COLLATE "C") FROM (
     SELECT 'operator ' || ao.amopstrategy || ' ' || ao.amopopr::regoperator::text
            || CASE ao.amoppurpose WHEN 'o' THEN ' for order by' ELSE '' END AS text
     FROM pg_amop ao WHERE ao.amopfamily = {family} AND {operators}
     UNION ALL
     SELECT 'function ' || ap.amprocnum || ' (' || format_type(ap.amproclefttype, NULL) || ', '
            || format_type(ap.amprocrighttype, NULL) || ') ' || ap.amproc::regprocedure::text
     FROM pg_amproc ap WHERE ap.amprocfamily = {family} AND {functions}) m) AS s_members)";

CatalogQuery operator_classes() {
  return {
      {"operator class"},
      2616,
      fmt::format(
          R"(
SELECT n.nspname AS schema, oc.opcname || ' USING ' || am.amname AS object, oc.oid AS member,
  format_type(oc.opcintype, NULL) AS s_type, CASE WHEN oc.opcdefault THEN 'yes' END AS s_default,
  {family} AS s_family, CASE WHEN oc.opckeytype <> 0 THEN
       format_type(oc.opckeytype, NULL) END AS s_storage,
  {members},
  pg_get_userbyid(oc.opcowner) AS o_owner, d.description AS c_comment
FROM pg_opclass oc JOIN pg_namespace n ON n.oid = oc.opcnamespace
JOIN pg_am am ON am.oid = oc.opcmethod
JOIN pg_opfamily f ON f.oid = oc.opcfamily JOIN pg_namespace fn ON fn.oid = f.opfnamespace
{comment}
WHERE {user_schema})",
          fmt::arg("family", qualified("fn", "f.opfname")),
          fmt::arg(
              "members",
              fmt::format(
                  kMembers, fmt::arg("family", "oc.opcfamily"),
                  fmt::arg("operators",
                           "ao.amoplefttype = oc.opcintype AND ao.amoprighttype = oc.opcintype"),
                  fmt::arg(
                      "functions",
                      "ap.amproclefttype = oc.opcintype AND ap.amprocrighttype = oc.opcintype"))),
          fmt::arg("comment", comment_join("oc.oid", "pg_opclass")),
          fmt::arg("user_schema", kUserSchema)),
      false};
}

CatalogQuery operator_families() {
  return {{"operator family"},
          2753,
          fmt::format(R"(
SELECT n.nspname AS schema, f.opfname || ' USING ' || am.amname AS object, f.oid AS member,
  {members}, pg_get_userbyid(f.opfowner) AS o_owner, d.description AS c_comment
FROM pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace
JOIN pg_am am ON am.oid = f.opfmethod
{comment}
WHERE {user_schema})",
                      fmt::arg("members", fmt::format(kMembers, fmt::arg("family", "f.oid"),
                                                      fmt::arg("operators", "true"),
                                                      fmt::arg("functions", "true"))),
                      fmt::arg("comment", comment_join("f.oid", "pg_opfamily")),
                      fmt::arg("user_schema", kUserSchema)),
          false};
}

// collversion is what the machine has, not what anybody said.
CatalogQuery collations(int version) {
  const char* locale = version >= 170000   ? "co.colllocale"
                       : version >= 150000 ? "co.colliculocale"
                                           : "NULL::text";
  return {{"collation"},
          3456,
          fmt::format(R"(
SELECT n.nspname AS schema, co.collname AS object, co.oid AS member,
  CASE co.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' WHEN 'd' THEN 'default'
      END AS s_provider,
  CASE WHEN co.collprovider = 'i' THEN coalesce({locale}, co.collcollate) ELSE {locale}
      END AS l_locale,
  CASE WHEN co.collprovider = 'c' THEN co.collcollate END AS l_collate,
  CASE WHEN co.collprovider = 'c' THEN co.collctype END AS l_ctype,
  CASE WHEN NOT co.collisdeterministic THEN 'yes' END AS s_nondeterministic,
  pg_get_userbyid(co.collowner) AS o_owner, d.description AS c_comment
FROM pg_collation co JOIN pg_namespace n ON n.oid = co.collnamespace
{comment}
WHERE {user_schema})",
                      fmt::arg("locale", locale),
                      fmt::arg("comment", comment_join("co.oid", "pg_collation")),
                      fmt::arg("user_schema", kUserSchema)),
          false};
}

CatalogQuery conversions() {
  return {{"conversion"},
          2607,
          fmt::format(R"(
SELECT n.nspname AS schema, v.conname AS object, v.oid AS member,
  pg_encoding_to_char(v.conforencoding) AS s_from, pg_encoding_to_char(v.contoencoding) AS s_to,
  v.conproc::regproc::text AS s_function, CASE WHEN v.condefault THEN 'yes' END AS s_default,
  pg_get_userbyid(v.conowner) AS o_owner, d.description AS c_comment
FROM pg_conversion v JOIN pg_namespace n ON n.oid = v.connamespace
{}
WHERE {})",
                      comment_join("v.oid", "pg_conversion"), kUserSchema),
          false};
}

CatalogQuery casts() {
  return {{"cast"},
          2605,
          fmt::format(R"(
SELECT '' AS schema, k.oid AS member,
  format_type(k.castsource, NULL) || ' AS ' || format_type(k.casttarget, NULL) AS object,
  CASE k.castmethod WHEN 'f' THEN k.castfunc::regprocedure::text WHEN 'i' THEN 'inout'
      ELSE 'binary' END AS s_by,
  CASE k.castcontext WHEN 'i' THEN 'implicit' WHEN 'a' THEN 'assignment' END AS s_context,
  d.description AS c_comment
FROM pg_cast k
{}
WHERE k.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_cast'::regclass
                                     AND i.objid = k.oid AND i.deptype = 'i'))",
                      comment_join("k.oid", "pg_cast")),
          false};
}

}  // namespace

std::vector<CatalogQuery> type_queries(int version) {
  return {enums(),
          domains(),
          composites(),
          ranges(),
          base_types(),
          operators(),
          operator_classes(),
          operator_families(),
          collations(version),
          conversions(),
          casts()};
}

}  // namespace drift::schema
