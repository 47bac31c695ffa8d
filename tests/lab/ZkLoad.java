import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;

/**
 * Load for a ZooKeeper ensemble that notices every lost or doubled write; one source file, run with ZooKeeper's own jars:
 *
 * <pre>java [-Dclients=6] [-Dsession=6000] [-Dpause=5] [-Droot=/load] -cp 'lib/*' ZkLoad.java h1:2181,h2:2181 [SECONDS]</pre>
 *
 * Each client advances a counter of its own, the znode ROOT/I, by compare-and-set on the znode's version (setData with the
 * expected version): what is written is always the version it will get. An answer that got lost is resolved by reading
 * again; only the compare-and-set chain decides, because a read after sync() is not linearizable.
 *
 * Prints "ready" once every client has written, runs until stdin ends or SECONDS have passed, then prints one line of JSON:
 *
 *   ok                successful increments
 *   failed            operations that did not succeed within the client's own retries (for a session timeout),
 *                     plus sessions expired, plus anomalies
 *   sessions_expired  sessions the ensemble gave up
 *   lost              acknowledged increments that are gone
 *   doubled           increments nobody made
 *   longest_gap_ms    longest time one client was without a successful write; most of it is the Java client's own random
 *                     wait of up to 1 s before each new connection, so it says little about the ensemble
 *   write_gap_ms      longest time in which no client at all had one
 *
 * Exit status: 0 nothing failed, 1 something did, 2 it never became ready.
 */
public final class ZkLoad {
    static final int CLIENTS = Integer.getInteger("clients", 6);
    /** Milliseconds; the ensemble may grant another (2 to 20 ticks). Also how long one operation is tried. */
    static final int SESSION_MS = Integer.getInteger("session", 6000);
    /** Milliseconds between the writes of one client: gaps shorter than this cannot be seen. */
    static final int PAUSE_MS = Integer.getInteger("pause", 5);
    static final String ROOT = System.getProperty("root", "/load");
    static final int READY_SECONDS = 60;
    /** Tells this run's writes from anybody else's. */
    static final String RUN = UUID.randomUUID().toString();

    static final AtomicLong ok = new AtomicLong();
    static final AtomicLong failed = new AtomicLong();
    static final AtomicLong expired = new AtomicLong();
    static final AtomicLong lost = new AtomicLong();
    static final AtomicLong doubled = new AtomicLong();
    static final Gap anyClient = new Gap();
    static final CountDownLatch allWrote = new CountDownLatch(CLIENTS);
    static final CountDownLatch stop = new CountDownLatch(1);

    public static void main(String[] args) throws Exception {
        if (args.length < 1 || args.length > 2) {
            System.err.println("usage: ZkLoad HOST:PORT,HOST:PORT.. [SECONDS]");
            System.exit(2);
        }
        silenceClientLog();
        List<Client> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) clients.add(new Client(args[0], i));
        clients.forEach(Thread::start);
        if (!allWrote.await(READY_SECONDS, TimeUnit.SECONDS)) {
            System.err.println("zkload: not every client could write within " + READY_SECONDS + " s");
            System.exit(2);
        }
        System.out.println("ready");
        stopAtEndOfInput();
        if (args.length == 2) stop.await(Long.parseLong(args[1]), TimeUnit.SECONDS);
        else stop.await();
        stop.countDown();
        long writeGap = anyClient.finish();
        for (Client client : clients) client.join();
        long longest = clients.stream().mapToLong(client -> client.gap.finish()).max().orElse(0);
        System.out.printf(
                "{\"ok\":%d,\"failed\":%d,\"sessions_expired\":%d,\"lost\":%d,\"doubled\":%d,\"longest_gap_ms\":%d,\"write_gap_ms\":%d}%n",
                ok.get(), failed.get(), expired.get(), lost.get(), doubled.get(), longest, writeGap);
        System.exit(failed.get() == 0 ? 0 : 1);
    }

    /** stdout is ours: without a configuration, logback would write there. */
    static void silenceClientLog() {
        ((ch.qos.logback.classic.Logger) org.slf4j.LoggerFactory.getLogger("ROOT")).setLevel(ch.qos.logback.classic.Level.OFF);
    }

    static void stopAtEndOfInput() {
        Thread reader = new Thread(() -> {
            try {
                while (System.in.read() >= 0) { }
            } catch (IOException closed) {
                // the same as its end
            }
            stop.countDown();
        });
        reader.setDaemon(true);
        reader.start();
    }

    static byte[] text(int version) {
        return (RUN + " " + version).getBytes(StandardCharsets.UTF_8);
    }

    /** Said as it happens, on stderr, with the time: to be laid beside what was done to the ensemble. */
    static void note(String format, Object... args) {
        System.err.println("zkload " + LocalTime.now().truncatedTo(ChronoUnit.MILLIS)
                + " " + String.format(format, args));
    }

    /** The longest time between two successes. */
    static final class Gap {
        private long last;
        private long longest;
        private boolean finished;

        synchronized void success() {
            close();
            last = System.nanoTime();
        }

        /** Nothing after this counts; the gap that goes on does. */
        synchronized long finish() {
            close();
            finished = true;
            return longest;
        }

        private void close() {
            if (last != 0 && !finished) longest = Math.max(longest, (System.nanoTime() - last) / 1_000_000);
        }
    }

    static final class Client extends Thread {
        final String servers;
        final String path;
        final Gap gap = new Gap();
        ZooKeeper zk;
        /** The version that the ensemble has acknowledged last. */
        int version;
        /** An answer is missing: the write to version + 1 may have happened. Outlives an operation that was given up. */
        boolean unsure;

        Client(String servers, int number) {
            this.servers = servers;
            this.path = ROOT + "/" + number;
            setDaemon(true);
        }

        @Override
        public void run() {
            try {
                open();
                boolean there = false;
                boolean wrote = false;
                while (running()) {
                    if (!there) there = createNode();
                    if (there && increment() && !wrote) {
                        wrote = true;
                        allWrote.countDown();
                    }
                    if (version < 0) there = false;
                    stop.await(there ? PAUSE_MS : 100, TimeUnit.MILLISECONDS);
                }
                gap.finish();
                leave();
            } catch (InterruptedException | IOException fatal) {
                note("%s: client died: %s", path, fatal);
                failed.incrementAndGet();
            }
        }

        boolean running() {
            return stop.getCount() > 0;
        }

        /**
         * One compare-and-set from `version` to the next, tried for a session timeout until it is known to have happened.
         * The judge is the leader, who answers BadVersion or NoNode in the order of all writes. A read that follows its
         * answer in the same session is at least as new; any other read may be stale and accuses nobody.
         */
        boolean increment() throws InterruptedException, IOException {
            long deadline = System.nanoTime() + SESSION_MS * 1_000_000L;
            boolean refused = false;
            Code trouble = Code.OK;
            while (System.nanoTime() < deadline) {
                try {
                    if (unsure || refused) {
                        Stat now = new Stat();
                        byte[] data = read(now);
                        if (unsure && now.getVersion() == version + 1 && Arrays.equals(data, text(version + 1))) return success();
                        if (refused && data != null && now.getVersion() != version) return anomaly(now.getVersion());
                    }
                    zk.setData(path, text(version + 1), version);
                    return success();
                } catch (KeeperException.BadVersionException judged) {
                    refused = true;
                } catch (KeeperException.NoNodeException judged) {
                    return anomaly(-1);
                } catch (KeeperException.SessionExpiredException gone) {
                    reopen();
                    refused = false;
                } catch (KeeperException error) {
                    trouble = error.code();
                    unsure = true;
                    Thread.sleep(20);
                }
            }
            note("%s: gave up after %d ms: %s", path, SESSION_MS, trouble);
            failed.incrementAndGet();
            return false;
        }

        /** The data, or null where this server knows no such znode. */
        byte[] read(Stat stat) throws KeeperException, InterruptedException {
            try {
                return zk.getData(path, false, stat);
            } catch (KeeperException.NoNodeException perhapsStale) {
                return null;
            }
        }

        boolean success() {
            version++;
            unsure = false;
            ok.incrementAndGet();
            gap.success();
            anyClient.success();
            return true;
        }

        /** The znode has another version than was acknowledged (-1: there is none); go on from there. */
        boolean anomaly(int found) {
            note("%s: version %d was acknowledged, found %s", path, version, found < 0 ? "no znode" : found);
            failed.incrementAndGet();
            if (found > version) doubled.addAndGet(found - version);
            else lost.addAndGet(version - Math.max(found, 0));
            version = found;
            unsure = false;
            return false;
        }

        void open() throws IOException {
            zk = new ZooKeeper(servers, SESSION_MS, event -> { });
        }

        /** A session that is gone is counted where its first operation says so, and replaced. */
        void reopen() throws InterruptedException, IOException {
            note("%s: session expired", path);
            expired.incrementAndGet();
            failed.incrementAndGet();
            zk.close();
            open();
        }

        /** A fresh znode at version 0; false where that has to be tried again. */
        boolean createNode() throws InterruptedException, IOException {
            try {
                for (int end = path.indexOf('/', 1); end > 0; end = path.indexOf('/', end + 1)) createParent(path.substring(0, end));
                deleteNode();
                zk.create(path, text(0), ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
                version = 0;
                return true;
            } catch (KeeperException.SessionExpiredException gone) {
                reopen();
                return false;
            } catch (KeeperException notNow) {
                return false;
            }
        }

        void createParent(String parent) throws KeeperException, InterruptedException {
            try {
                zk.create(parent, new byte[0], ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
            } catch (KeeperException.NodeExistsException shared) {
                // by the other clients
            }
        }

        void deleteNode() throws KeeperException, InterruptedException {
            try {
                zk.delete(path, -1);
            } catch (KeeperException.NoNodeException fine) {
                // as wanted
            }
        }

        void leave() throws InterruptedException {
            try {
                deleteNode();
            } catch (KeeperException error) {
                note("%s: left behind: %s", path, error.code());
            }
            zk.close();
        }
    }
}
