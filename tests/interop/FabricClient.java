// An application of Connector/J's Fabric driver. It says events, a line of JSON each, and takes a word
// a line: "where" (the servers that a writing and a reading connection lead to), "begin" and "stop" (a
// loop of transactions), "read" (the numbers that are there), "groups URL" (what the gateway at a URL
// says: the driver itself knows no https). The end of its input ends it.
//
//   java FabricClient URL USER PASSWORD_FILE FABRIC_USER FABRIC_PASSWORD_FILE

import com.mysql.fabric.FabricConnection;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

public class FabricClient {
  private static final long PATIENCE_MS = 60_000;

  private final String url;
  private final Properties login = new Properties();
  private volatile boolean looping = false;
  private Thread loop;

  FabricClient(String[] arguments) throws Exception {
    url = arguments[0];
    login.setProperty("user", arguments[1]);
    login.setProperty("password", secret(arguments[2]));
    login.setProperty("fabricUsername", arguments[3]);
    login.setProperty("fabricPassword", secret(arguments[4]));
    login.setProperty("fabricReportErrors", "true");
    // The servers of a sandbox have no certificate that this client knows.
    login.setProperty("useSSL", "false");
    login.setProperty("connectTimeout", "2000");
    login.setProperty("socketTimeout", "5000");
  }

  private static String secret(String file) throws Exception {
    return new String(Files.readAllBytes(Paths.get(file))).trim();
  }

  private static synchronized void say(String json) {
    System.out.println(json);
    System.out.flush();
  }

  private Connection connect() throws SQLException {
    return DriverManager.getConnection(url, login);
  }

  private static int port(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT @@port")) {
      rows.next();
      return rows.getInt(1);
    }
  }

  private void where() throws SQLException {
    try (Connection connection = connect()) {
      int writes = port(connection);
      connection.setReadOnly(true);
      int reads = port(connection);
      say("{\"event\": \"where\", \"writes\": " + writes + ", \"reads\": " + reads + "}");
    }
  }

  private void groups(String gateway) throws Exception {
    FabricConnection fabric =
        new FabricConnection(
            gateway, login.getProperty("fabricUsername"), login.getProperty("fabricPassword"));
    int servers = fabric.getServerGroup("g1").getServers().size();
    say("{\"event\": \"groups\", \"servers\": " + servers + "}");
  }

  private void read() throws SQLException {
    List<String> numbers = new ArrayList<>();
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT number FROM loops ORDER BY number")) {
      while (rows.next()) numbers.add(rows.getString(1));
    }
    say("{\"event\": \"read\", \"numbers\": [" + String.join(", ", numbers) + "]}");
  }

  // One transaction a number, each tried until it is committed.
  private void loop() {
    Connection connection = null;
    long tried = System.currentTimeMillis();
    for (int number = 1; looping; ) {
      try {
        if (connection == null) {
          connection = connect();
          connection.setAutoCommit(false);
        }
        try (Statement statement = connection.createStatement()) {
          // What was committed without an answer is found again.
          statement.executeUpdate("INSERT IGNORE INTO loops VALUES (" + number + ")");
        }
        connection.commit();
        say("{\"event\": \"committed\", \"number\": " + number + "}");
        ++number;
        tried = System.currentTimeMillis();
      } catch (SQLException error) {
        if (System.currentTimeMillis() - tried > PATIENCE_MS) {
          fail(error);
          return;
        }
        close(connection);
        connection = null;
      }
    }
    close(connection);
  }

  private static void close(Connection connection) {
    if (connection == null) return;
    try {
      connection.close();
    } catch (SQLException ignored) {
      // It is broken already.
    }
  }

  private static void fail(Exception error) {
    String text = String.valueOf(error).replaceAll("[\\\\\"\\p{Cntrl}]", " ");
    say("{\"event\": \"failed\", \"error\": \"" + text + "\"}");
  }

  private void obey(String line) throws Exception {
    String[] words = line.split(" ");
    switch (words[0]) {
      case "where":
        where();
        break;
      case "groups":
        groups(words[1]);
        break;
      case "read":
        read();
        break;
      case "begin":
        looping = true;
        loop = new Thread(this::loop);
        loop.start();
        break;
      case "stop":
        looping = false;
        loop.join();
        say("{\"event\": \"stopped\"}");
        break;
      default:
        throw new IllegalArgumentException("unknown word: " + line);
    }
  }

  public static void main(String[] arguments) throws Exception {
    Class.forName("com.mysql.fabric.jdbc.FabricMySQLDriver");
    FabricClient client = new FabricClient(arguments);
    BufferedReader words = new BufferedReader(new InputStreamReader(System.in));
    for (String line = words.readLine(); line != null; line = words.readLine()) {
      try {
        client.obey(line);
      } catch (Exception error) {
        fail(error);
      }
    }
    System.exit(0);
  }
}
