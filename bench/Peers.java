// What Flyway and Liquibase say, by their own API: bench/peers starts it with a port of PostgreSQL, a
// folder with TOOLn/applied and TOOLn/now, and for each situation TOOL|n|NAME|SQL done by hand.
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.List;
import liquibase.Contexts;
import liquibase.LabelExpression;
import liquibase.Liquibase;
import liquibase.database.DatabaseFactory;
import liquibase.database.jvm.JdbcConnection;
import liquibase.resource.DirectoryResourceAccessor;
import org.flywaydb.core.Flyway;

class Peers {
  static void say(String command, String name, boolean fails, String said) {
    System.out.println(command + "\t" + name + "\t" + (fails ? 1 : 0) + "\t" + said.replaceAll("\\s+", " ").trim());
  }

  static Flyway flyway(String url, Path folder) {
    return Flyway.configure().dataSource(url, "owner", "").locations("filesystem:" + folder).load();
  }

  static Liquibase liquibase(Connection connection, Path folder) throws Exception {
    return new Liquibase("changelog.sql", new DirectoryResourceAccessor(folder),
        DatabaseFactory.getInstance().findCorrectDatabaseImplementation(new JdbcConnection(connection)));
  }

  static void byHand(String url, String sql) throws Exception {
    if (sql.isEmpty()) return;
    try (Connection connection = DriverManager.getConnection(url, "owner", "")) {
      connection.createStatement().execute(sql);
    }
  }

  static void ask(String port, Path root, String[] words) throws Exception {
    String tool = words[0], name = words[2], url = "jdbc:postgresql://127.0.0.1:" + port + "/" + tool + words[1];
    Path folder = root.resolve(tool + words[1]);
    boolean applied = !name.equals("no version table");
    if (tool.equals("flyway")) {
      if (applied) flyway(url, folder.resolve("applied")).migrate();
      byHand(url, words.length > 3 ? words[3] : "");
      var result = flyway(url, folder.resolve("now")).validateWithResult();
      String said = result.invalidMigrations.isEmpty()
          ? (result.validationSuccessful ? "validated" : result.errorDetails.errorMessage)
          : String.join("; ", result.invalidMigrations.stream().map(one -> one.errorDetails.errorMessage).toList());
      say("flyway validate", name, !result.validationSuccessful, said);
      return;
    }
    try (Connection connection = DriverManager.getConnection(url, "owner", "")) {
      if (applied) liquibase(connection, folder.resolve("applied")).update(new Contexts());
    }
    byHand(url, words.length > 3 ? words[3] : "");
    List<String> said = new ArrayList<>();
    boolean fails = false;
    try (Connection connection = DriverManager.getConnection(url, "owner", "")) {
      try {
        liquibase(connection, folder.resolve("now")).validate();
      } catch (Exception error) {
        fails = true;
        said.add("validate: " + error.getMessage());
      }
    }
    try (Connection connection = DriverManager.getConnection(url, "owner", "")) {
      Liquibase now = liquibase(connection, folder.resolve("now"));
      if (!fails) {
        said.add("status: not deployed: " + now.listUnrunChangeSets(new Contexts(), new LabelExpression()).stream().map(one -> one.getId()).toList());
        said.add("unexpected-changesets: " + now.listUnexpectedChangeSets(new Contexts(), new LabelExpression()).stream().map(one -> one.getId()).toList());
      }
    }
    say("liquibase validate, status, unexpected-changesets", name, fails, String.join("; ", said));
  }

  public static void main(String[] words) throws Exception {
    for (int i = 2; i < words.length; ++i) ask(words[0], Path.of(words[1]), words[i].split("\\|"));
  }
}
