package sluicebox;

import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Runs commands of `hadoop fs` for one driver, one after the other, in one JVM: starting one costs more than nearly all
 * that they do. scripts/lib/client.sh asks.
 *
 * <p>Usage: HADOOP_CLASSPATH=fs-server.jar hadoop sluicebox.FsServer FOLDER PID
 *
 * <p>Whoever asks writes the arguments to FOLDER/ID, a NUL behind each, what a `-` among them stands for to FOLDER/ID.in,
 * and ID to the FIFO FOLDER/ask. Who removes FOLDER/ID has the command: the server does when it begins. What the command
 * says, and what is logged meanwhile, comes in FOLDER/ID.out and FOLDER/ID.err, then its exit code through the FIFO
 * FOLDER/ID.answer; `-` says that it was not begun. FOLDER/pid is the server's process. It ends when the driver, the
 * process PID, is gone.
 */
public final class FsServer {
    /** An output that could not be written: as the scripts' code for input and output. */
    private static final String IO_ERROR = "3";

    /** FsShell by its name, so that this compiles without Hadoop's jars. */
    private final Class<?> shell = Class.forName("org.apache.hadoop.fs.FsShell");
    private final Class<?> configuration = Class.forName("org.apache.hadoop.conf.Configuration");
    private final Path folder;
    private final Switch out;
    private final Switch err;

    private FsServer(Path folder, Switch out, Switch err) throws ClassNotFoundException {
        this.folder = folder;
        this.out = out;
        this.err = err;
    }

    public static void main(String[] args) throws Exception {
        // Before anything is logged: a logger keeps the stream that it finds.
        Switch out = new Switch(System.out), err = new Switch(System.err);
        System.setOut(new PrintStream(out));
        System.setErr(new PrintStream(err, true));
        endWith(args[1]);
        Path folder = Paths.get(args[0]);
        Path pid = folder.resolve("pid");
        Path written = folder.resolve("pid.new");
        Files.write(written, (new File("/proc/self").getCanonicalFile().getName() + "\n").getBytes(StandardCharsets.US_ASCII));
        Files.move(written, pid, StandardCopyOption.ATOMIC_MOVE);
        try {
            new FsServer(folder, out, err).serve();
        } catch (Throwable e) {
            e.printStackTrace();
        }
        Runtime.getRuntime().halt(1);
    }

    /** Ends this process when another one has ended. */
    private static void endWith(String driver) {
        String since = begin(driver);
        Thread watch = new Thread(() -> {
            try {
                while (!since.isEmpty() && since.equals(begin(driver))) {
                    Thread.sleep(500);
                }
            } catch (InterruptedException e) {
                // Nobody does that.
            }
            Runtime.getRuntime().halt(0);
        });
        watch.setDaemon(true);
        watch.start();
    }

    /** When a process began, so that it is not taken for another one of its number; nothing where it has ended. */
    private static String begin(String pid) {
        try {
            String stat = new String(Files.readAllBytes(Paths.get("/proc", pid, "stat")), StandardCharsets.ISO_8859_1);
            // Behind the name in brackets: the state, and as the 20th the time.
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            return fields[0].equals("Z") ? "" : fields[19];
        } catch (IOException e) {
            return "";
        }
    }

    private void serve() throws IOException, ReflectiveOperationException {
        // Open for writing as well: then it does not end with those who ask.
        try (RandomAccessFile ask = new RandomAccessFile(folder.resolve("ask").toFile(), "rw")) {
            for (String id = ask.readLine(); id != null; id = ask.readLine()) {
                String code = answer(folder.resolve(id));
                try (RandomAccessFile answer = new RandomAccessFile(folder.resolve(id + ".answer").toFile(), "rw")) {
                    answer.write((code + "\n").getBytes(StandardCharsets.US_ASCII));
                }
            }
        }
    }

    private String answer(Path request) throws ReflectiveOperationException {
        String[] args;
        try {
            args = arguments(Files.readAllBytes(request));
        } catch (IOException e) {
            return "-";
        }
        boolean reads = Arrays.asList(args).contains("-");
        boolean begun = false;
        try (InputStream in = reads ? new FileInputStream(request + ".in") : new ByteArrayInputStream(new byte[0]);
                OutputStream itsOut = new BufferedOutputStream(new FileOutputStream(request + ".out"), 1 << 16);
                OutputStream itsErr = new FileOutputStream(request + ".err")) {
            Files.delete(request);
            begun = true;
            System.setIn(in);
            out.to(itsOut);
            err.to(itsErr);
            String code = run(args);
            System.out.flush();
            System.err.flush();
            return out.back() | err.back() ? IO_ERROR : code;
        } catch (IOException e) {
            return begun ? IO_ERROR : "-";
        } finally {
            out.back();
            err.back();
        }
    }

    /** What `hadoop fs` does; but connections are kept, and options before the command are none. */
    private String run(String[] args) throws ReflectiveOperationException {
        Object tool = shell.getConstructor().newInstance();
        shell.getMethod("setConf", configuration).invoke(tool, configuration.getConstructor().newInstance());
        try {
            return shell.getMethod("run", String[].class).invoke(tool, (Object) args).toString();
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof Error) {
                // Out of memory, most likely: another JVM does it.
                throw (Error) e.getCause();
            }
            e.getCause().printStackTrace();
            return "255";
        }
    }

    private static String[] arguments(byte[] bytes) throws IOException {
        String encoding = System.getProperty("sun.jnu.encoding", "UTF-8");
        List<String> args = new ArrayList<>();
        int from = 0;
        for (int at = 0; at < bytes.length; at++) {
            if (bytes[at] == 0) {
                args.add(new String(bytes, from, at - from, encoding));
                from = at + 1;
            }
        }
        return args.toArray(new String[0]);
    }

    /** A stream that goes to the command which is under way, and between commands to where it went at first. */
    private static final class Switch extends OutputStream {
        private final OutputStream first;
        private OutputStream now;
        private boolean lost;

        Switch(OutputStream first) {
            this.first = first;
            now = first;
        }

        synchronized void to(OutputStream next) {
            now = next;
            lost = false;
        }

        /** Whether something could not be written. */
        synchronized boolean back() {
            now = first;
            return lost;
        }

        @Override
        public synchronized void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public synchronized void write(byte[] bytes, int from, int length) throws IOException {
            try {
                now.write(bytes, from, length);
            } catch (IOException e) {
                lost = true;
                throw e;
            }
        }

        @Override
        public synchronized void flush() throws IOException {
            try {
                now.flush();
            } catch (IOException e) {
                lost = true;
                throw e;
            }
        }
    }
}
