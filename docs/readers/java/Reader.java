import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.*;
import java.math.*;
import java.net.URI;
import java.net.http.*;
import java.nio.*;
import java.nio.file.*;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.*;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import tidemark.log.*;

/**
 * Folds the log of Tidemark gateways and prints the canonical export: the bytes of {@code tidemark export}.
 *
 * <pre>
 * Reader SOURCE [NAME=VALUE ...]
 *
 * http://HOST:PORT       the log of a running appliance; token=TEXT if it asks for one
 * kafka:BROKERS/TOPIC    all partitions, up to where they end now; NAME=VALUE are settings of Kafka's consumer
 * PATH                   a file with what GET /log answered
 * </pre>
 *
 * The export goes to standard output, what was met on the way to standard error. Exit status: 0 all is well; 1 the
 * export is of an incomplete or altered log (what is parked at a gateway is missing, too); 2 nothing can be said. Written
 * from docs/formats/{event,export}.md alone.
 */
public final class Reader {
    static final String HEADER = "gateway,stream,version,source,tags,field,size,start,count,sum,mean,min,max,"
            + "first,first_time,last,last_time,variance,stddev";
    static final int DELTA = 3;
    static final int SUM = 1, SQUARES = 2, EXTREMES = 4, ENDPOINTS = 8, KNOWN = 15;
    static final int MAX_EVENT = 16 << 20, MAX_PANES = 65_536, MAX_TEXT = 4096, MAX_INTEGER = 640;

    /** The event cannot be what a gateway wrote. */
    static final class Damaged extends RuntimeException {
        Damaged(String what) { super(what); }
    }

    /** The event is of a later version, and this reader must not guess what it means. */
    static final class Newer extends RuntimeException {
        Newer(String what) { super(what); }
    }

    static void require(boolean condition, String what) {
        if (!condition) throw new Damaged(what);
    }

    // --- Where records come from ---

    interface Taker {
        void take(String where, byte[] record) throws Exception;
    }

    /** Of GET /log: position and size, little-endian, then the event. */
    static void frames(InputStream stream, Taker taker) throws Exception {
        var in = new DataInputStream(stream);
        for (byte[] head; (head = in.readNBytes(12)).length > 0; ) {
            var fields = ByteBuffer.wrap(Arrays.copyOf(head, 12)).order(ByteOrder.LITTLE_ENDIAN);
            long position = fields.getLong();
            int size = fields.getInt();
            byte[] record = head.length == 12 && size >= 0 && size <= MAX_EVENT ? in.readNBytes(size) : null;
            if (record == null || record.length < size)
                throw new EOFException("the log breaks off, or is none, after position " + position);
            taker.take("" + position, record);
        }
    }

    static void http(String url, Map<String, String> settings, Taker taker) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(url.replaceAll("/+$", "") + "/log?from=1"));
        if (settings.containsKey("token")) request.header("Authorization", "Bearer " + settings.get("token"));
        var answer = HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        if (answer.statusCode() != 200) throw new IOException(url + " answers " + answer.statusCode());
        try (var body = answer.body()) {
            frames(body, taker);
        }
    }

    /** A class of its own, so that files and HTTP are read without Kafka's jars. */
    static final class Kafka {
        static void read(String brokers, String topic, Map<String, String> settings, Taker taker) throws Exception {
            var all = new HashMap<String, Object>(settings);
            all.put("bootstrap.servers", brokers);
            all.put("enable.auto.commit", false);
            all.put("allow.auto.create.topics", false);
            var bytes = new ByteArrayDeserializer();
            try (var consumer = new KafkaConsumer<byte[], byte[]>(all, bytes, bytes)) {
                var found = consumer.partitionsFor(topic);
                if (found == null || found.isEmpty()) throw new IOException("there is no topic " + topic);
                var partitions = found.stream().map(p -> new TopicPartition(topic, p.partition())).toList();
                consumer.assign(partitions);
                consumer.seekToBeginning(partitions);
                var ends = consumer.endOffsets(partitions);
                while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                    var polled = consumer.poll(Duration.ofSeconds(30));
                    if (polled.isEmpty()) throw new EOFException("nothing came from Kafka for 30 s");
                    for (var record : polled) {
                        var value = record.value() == null ? new byte[0] : record.value();
                        taker.take(record.partition() + ":" + record.offset(), value);
                    }
                }
            }
        }
    }

    static void records(String source, Map<String, String> settings, Taker taker) throws Exception {
        if (source.startsWith("kafka:")) {
            int slash = source.lastIndexOf('/');
            if (slash < 0) throw new IOException(source + " names no topic");
            Kafka.read(source.substring("kafka:".length(), slash), source.substring(slash + 1), settings, taker);
        } else if (source.matches("https?://.*")) {
            http(source, settings, taker);
        } else {
            try (var file = Files.newInputStream(Path.of(source))) {
                frames(new BufferedInputStream(file, 1 << 16), taker);
            }
        }
    }

    // --- Columns: from bytes to one integer a pane ---

    static BigInteger varint(ByteBuffer data) {
        var value = BigInteger.ZERO;
        for (int shift = 0; shift <= 8 * MAX_INTEGER; shift += 7) {
            byte b = data.get();
            value = value.or(BigInteger.valueOf(b & 0x7F).shiftLeft(shift));
            if (b >= 0) return value;
        }
        throw new Damaged("a number without an end");
    }

    static BigInteger[] column(ByteBuffer data, int panes) {
        var values = new BigInteger[panes];
        Arrays.fill(values, BigInteger.ZERO);
        if (data == null || !data.hasRemaining()) return values;
        var limit = BigInteger.valueOf(MAX_INTEGER);
        BigInteger wide = varint(data), length = varint(data);
        require(wide.compareTo(limit) <= 0 && length.compareTo(limit) <= 0, "a column with too large numbers");
        int width = wide.intValue();
        var littleEnd = new byte[length.intValue()];
        data.get(littleEnd);
        var base = littleEnd.length == 0 ? BigInteger.ZERO : new BigInteger(reversed(littleEnd));
        var scale = varint(data);
        require(scale.signum() > 0 && data.remaining() == (long) width * panes, "a column of another length");
        var offset = new byte[width];
        for (int i = 0; i < panes; i++) {
            for (int k = 0; k < width; k++) offset[width - 1 - k] = data.get(data.position() + k * panes + i);
            values[i] = base.add(scale.multiply(new BigInteger(1, offset)));
        }
        return values;
    }

    static byte[] reversed(byte[] bytes) {
        var result = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) result[i] = bytes[bytes.length - 1 - i];
        return result;
    }

    static String text(String value) {
        require(value == null || value.getBytes(UTF_8).length <= MAX_TEXT, "a text that is too long");
        return value == null ? "" : value;
    }

    // --- Panes: what a window holds, and how two parts of it are merged ---

    record Series(String gateway, String stream, long version, String source, String tags, String field, long size) {
        /** Texts by their UTF-8 bytes, which is not the order of Java's strings. */
        static final Comparator<String> BYTES = (a, b) -> Arrays.compareUnsigned(a.getBytes(UTF_8), b.getBytes(UTF_8));
        static final Comparator<Series> ORDER = Comparator.comparing(Series::gateway, BYTES)
                .thenComparing(Series::stream, BYTES).thenComparingLong(Series::version)
                .thenComparing(Series::source, BYTES).thenComparing(Series::tags, BYTES)
                .thenComparing(Series::field, BYTES).thenComparingLong(Series::size);
    }

    record Point(long time, BigDecimal value) implements Comparable<Point> {
        public int compareTo(Point other) {
            return time != other.time ? Long.compare(time, other.time) : value.compareTo(other.value);
        }
    }

    record State(int components, BigInteger count, BigDecimal sum, BigDecimal squares, BigDecimal least,
                 BigDecimal most, Point first, Point last) {
        State merge(State other) {
            if (other == null) return this;
            require(components == other.components, "panes of one window with different components");
            return new State(components, count.add(other.count), sum.add(other.sum), squares.add(other.squares),
                    least.min(other.least), most.max(other.most),
                    first.compareTo(other.first) <= 0 ? first : other.first,
                    last.compareTo(other.last) >= 0 ? last : other.last);
        }
    }

    record Pane(Series series, long start, long revision, State state) {}

    static void panes(String gateway, PaneGroup group, List<String[]> origins, List<Pane> into) {
        long size = group.size(), components = group.components();
        int number = (int) group.panes(), exponent = group.exponent();
        if (components > KNOWN || group.kind() < 0 || group.kind() > FieldKind.state)
            throw new Newer("components " + components + ", field kind " + (group.kind() & 0xFF));
        require(number >= 1 && size >= 1 && exponent >= -341 && exponent <= 308, "a group that cannot be");
        boolean sums = (components & SUM) != 0, squared = (components & SQUARES) != 0;
        boolean extremes = (components & EXTREMES) != 0, endpoints = (components & ENDPOINTS) != 0;
        String stream = text(group.stream()), field = text(group.field());
        var series = origins.stream()
                .map(o -> new Series(gateway, stream, group.version(), o[0], o[1], field, size)).toList();
        var origin = column(group.originAsByteBuffer(), number);
        var start = column(group.startAsByteBuffer(), number);
        var revision = column(group.revisionAsByteBuffer(), number);
        var kind = column(group.paneKindAsByteBuffer(), number);
        var count = column(group.countAsByteBuffer(), number);
        var sum = column(group.sumAsByteBuffer(), number);
        var variance = column(group.varianceAsByteBuffer(), number);
        var min = column(group.minAsByteBuffer(), number);
        var max = column(group.maxAsByteBuffer(), number);
        var firsts = column(group.firstAsByteBuffer(), number);
        var lasts = column(group.lastAsByteBuffer(), number);
        var firstTime = column(group.firstTimeAsByteBuffer(), number);
        var lastTime = column(group.lastTimeAsByteBuffer(), number);
        var none = BigInteger.ZERO;
        for (int i = 0; i < number; i++) {
            if (kind[i].longValueExact() > DELTA) throw new Newer("pane kind " + kind[i]);
            require(count[i].signum() > 0 && revision[i].signum() >= 0
                    && (kind[i].intValue() == DELTA) == (revision[i].signum() == 0), "a pane that cannot be");
            // What is not kept has no part in the formulas.
            var least = extremes ? min[i] : none;
            var most = extremes ? least.add(max[i]) : none;
            var total = sums ? sum[i].add(count[i].multiply(least)) : none;
            var squares = squared ? variance[i].add(total.multiply(total)).divideAndRemainder(count[i])
                                  : new BigInteger[] {none, none};
            var first = endpoints ? firsts[i].add(least) : none;
            var last = !endpoints ? none : extremes ? most.subtract(lasts[i]) : lasts[i];
            long begins = endpoints ? firstTime[i].longValueExact() : 0;
            long ends = endpoints ? Math.addExact(begins, lastTime[i].longValueExact()) : 0;
            require(least.compareTo(most) <= 0 && squares[1].signum() == 0 && (!squared || variance[i].signum() >= 0)
                    && begins >= 0 && begins <= ends && ends < size, "a pane that no window has");
            require(!extremes || (!sums || within(total, least.multiply(count[i]), most.multiply(count[i])))
                    && (!endpoints || within(first, least, most) && within(last, least, most)),
                    "a pane beyond its extremes");
            long from = start[i].longValueExact();
            into.add(new Pane(series.get(origin[i].intValueExact()), from, revision[i].longValueExact(),
                    new State((int) components, count[i], at(total, exponent), at(squares[0], 2 * exponent),
                            at(least, exponent), at(most, exponent), new Point(from + begins, at(first, exponent)),
                            new Point(from + ends, at(last, exponent)))));
        }
    }

    static boolean within(BigInteger value, BigInteger low, BigInteger high) {
        return value.compareTo(low) >= 0 && value.compareTo(high) <= 0;
    }

    static BigDecimal at(BigInteger value, int exponent) {
        return new BigDecimal(value, -exponent);
    }

    // --- The log: identity, digests, the fold ---

    record Identity(String gateway, long epoch) {}

    record Mark(long sequence, byte[] digest) {}

    static final class Window {
        long revision;
        State whole, deltas;
    }

    final Map<String, Long> met = new LinkedHashMap<>();
    final List<String> remarks = new ArrayList<>();
    final Map<Identity, Mark> marks = new HashMap<>();        // the last sequence, the digest that the next must carry
    final Map<Identity, Long> predecessors = new HashMap<>(); // its last sequence, as the epoch after it says
    final Map<Series, TreeMap<Long, Window>> windows = new HashMap<>();

    void count(String what, long number) {
        if (number > 0) met.merge(what, number, Long::sum);
    }

    /** One record, whatever it is. Only what a later version wrote stops the reading. */
    void take(String where, byte[] record) {
        if (record.length < 8 || !new String(record, 4, 4, UTF_8).equals("TDMK")) {
            count("foreign", 1);
            return;
        }
        try {
            count(event(record), 1);
        } catch (Newer why) {
            throw new Newer("the event at " + where + " needs a newer reader: " + why.getMessage());
        } catch (Exception why) { // Bytes can break the FlatBuffers runtime, which has no verifier, in many ways.
            count("damaged", 1);
            remarks.add("the event at " + where + " is damaged and was left out: "
                    + (why instanceof Damaged ? why.getMessage() : why));
        }
    }

    String event(byte[] record) throws Exception {
        require(record.length <= MAX_EVENT, "it is too large");
        var event = Event.getRootAsEvent(ByteBuffer.wrap(record));
        var gateway = text(event.gateway());
        var identity = new Identity(gateway, event.epoch());
        require(event.sequence() >= 1, "a sequence that cannot be");
        var mark = marks.getOrDefault(identity, new Mark(0, new byte[16]));
        if (event.sequence() <= mark.sequence) return "repeated";
        // All is read before anything is kept: an event counts whole or not at all.
        var parts = event.bodyType() == Body.WindowBatch ? parts(gateway, event) : List.<Pane>of();
        var parked = event.bodyType() == Body.Tombstone ? tombstone(event) : null;
        var digest = new byte[16];
        if (event.digestLength() > 0) event.digestAsByteBuffer().get(digest);
        if (event.sequence() > mark.sequence + 1) {
            count("missing", event.sequence() - mark.sequence - 1);
        } else if (!Arrays.equals(digest, mark.digest)) {
            count("altered", 1);
            remarks.add(gateway + ", epoch " + Long.toUnsignedString(event.epoch()) + ": event " + event.sequence()
                    + " does not follow what came before it");
        }
        if (event.previousEpoch() != 0)
            predecessors.put(new Identity(gateway, event.previousEpoch()), event.previousSequence());
        var sha = MessageDigest.getInstance("SHA-256");
        sha.update(digest);
        var after = Arrays.copyOf(sha.digest(record), 16);
        if (parked != null) {
            after = parked.digest;
            remarks.add(gateway + ", epoch " + Long.toUnsignedString(event.epoch()) + ": event " + event.sequence()
                    + " was too large for the topic and is kept at the gateway: " + Long.toUnsignedString(parked.panes)
                    + " panes, " + Long.toUnsignedString(parked.readings) + " readings");
        }
        marks.put(identity, new Mark(event.sequence(), after));
        for (var pane : parts) {
            var window = windows.computeIfAbsent(pane.series, s -> new TreeMap<>())
                    .computeIfAbsent(pane.start, s -> new Window());
            if (pane.revision == 0) {
                window.deltas = pane.state.merge(window.deltas);
            } else if (pane.revision > window.revision) {
                window.revision = pane.revision;
                window.whole = pane.state;
            }
        }
        if (parked != null) return "parked";
        return event.bodyType() >= Body.WindowBatch && event.bodyType() <= Body.Heartbeat ? "events" : "unknown";
    }

    /** What stands in the place of an event: panes and readings in it, and the digest after it. */
    record Parked(long panes, long readings, byte[] digest) {}

    static Parked tombstone(Event event) {
        var tombstone = (Tombstone) event.body(new Tombstone());
        require(tombstone != null, "it has no body");
        require(tombstone.digestAfterLength() == 16, "a digest of another length");
        var digest = new byte[16];
        tombstone.digestAfterAsByteBuffer().get(digest);
        return new Parked(tombstone.panes(), tombstone.readings(), digest);
    }

    static List<Pane> parts(String gateway, Event event) {
        var batch = (WindowBatch) event.body(new WindowBatch());
        require(batch != null, "it has no body");
        require(batch.sourcesLength() == batch.tagsLength() && batch.sourcesLength() <= MAX_PANES
                && batch.groupsLength() <= MAX_PANES, "its dictionaries do not fit");
        var origins = IntStream.range(0, batch.sourcesLength())
                .mapToObj(i -> new String[] {text(batch.sources(i)), text(batch.tags(i))}).toList();
        var groups = IntStream.range(0, batch.groupsLength()).mapToObj(batch::groups).toList();
        require(groups.stream().mapToLong(PaneGroup::panes).sum() <= MAX_PANES, "too many panes");
        var parts = new ArrayList<Pane>();
        for (var group : groups) panes(gateway, group, origins, parts);
        return parts;
    }

    /** Counts what the predecessors still lack; true if nothing is missing, damaged, altered or parked. */
    boolean complete() {
        predecessors.forEach((identity, last) ->
                count("missing", last - marks.getOrDefault(identity, new Mark(0, null)).sequence));
        return Stream.of("missing", "damaged", "altered", "parked").noneMatch(met::containsKey);
    }

    void export(PrintStream out) {
        out.print(HEADER + "\n");
        windows.entrySet().stream().sorted(Map.Entry.comparingByKey(Series.ORDER)).forEach(entry -> {
            var s = entry.getKey();
            var names = String.join(",", quoted(s.gateway), quoted(s.stream), "" + s.version, quoted(s.source),
                    quoted(s.tags), quoted(s.field), "" + s.size);
            entry.getValue().forEach((start, window) -> {
                var state = window.whole == null ? window.deltas : window.whole.merge(window.deltas);
                out.print(names + "," + start + "," + results(state) + "\n");
            });
        });
    }

    // --- The canonical text ---

    static String quoted(String value) {
        return value.matches("(?s).*[\",\r\n].*") ? '"' + value.replace("\"", "\"\"") + '"' : value;
    }

    static String plain(BigDecimal value) {
        return value.stripTrailingZeros().toPlainString();
    }

    /** The shortest digits that read back, fixed or scientific, whichever is shorter; fixed if equally long. */
    static String text(double value) {
        if (Double.isInfinite(value)) return "";
        if (value == 0) return "0";
        var shortest = shortest(Math.abs(value));
        var digits = shortest.unscaledValue().toString();
        int power = digits.length() - 1 - shortest.scale();
        var scientific = digits.charAt(0) + (digits.length() > 1 ? "." + digits.substring(1) : "")
                + (power < 0 ? "e-" : "e+") + (Math.abs(power) < 10 ? "0" : "") + Math.abs(power);
        // A whole number in fixed notation has all its digits, not zeros after the shortest ones.
        var fixed = (shortest.scale() < 0 ? new BigDecimal(Math.abs(value)) : shortest).toPlainString();
        return (value < 0 ? "-" : "") + (fixed.length() <= scientific.length() ? fixed : scientific);
    }

    /** The nearest of the shortest decimals that read back. (Double.toString finds it only from Java 19 on.) */
    static BigDecimal shortest(double value) {
        var exact = new BigDecimal(value);
        // 15 digits survive the way through a normal double: if 15 read back, they are the shortest when stripped.
        for (int digits = value < Double.MIN_NORMAL ? 1 : 15; ; digits++) {
            BigDecimal best = null;
            for (var mode : new RoundingMode[] {RoundingMode.HALF_EVEN, RoundingMode.DOWN, RoundingMode.UP}) {
                var near = exact.round(new MathContext(digits, mode));
                if (near.doubleValue() == value && (best == null
                        || near.subtract(exact).abs().compareTo(best.subtract(exact).abs()) < 0)) best = near;
            }
            if (best != null) return best.stripTrailingZeros();
        }
    }

    /** The double nearest to numerator / denominator, or to the root of that, rounded once. */
    static double nearest(BigDecimal numerator, BigInteger denominator, boolean root) {
        var above = numerator.unscaledValue().abs().multiply(BigInteger.TEN.pow(Math.max(0, -numerator.scale())));
        var below = denominator.multiply(BigInteger.TEN.pow(Math.max(0, numerator.scale())));
        // At least 80 bits of the result, and one more that says whether anything lies below them.
        int shift = Math.max(0, 160 - above.bitLength() + below.bitLength()) / 2;
        var divided = above.shiftLeft(2 * shift).divideAndRemainder(below);
        var result = root ? divided[0].sqrt() : divided[0];
        boolean exact = divided[1].signum() == 0 && (!root || result.multiply(result).equals(divided[0]));
        var bits = result.shiftLeft(1).or(exact ? BigInteger.ZERO : BigInteger.ONE);
        // Java reads hexadecimal floating point correctly rounded, subnormal numbers included.
        double found = Double.parseDouble("0x" + bits.toString(16) + "p" + -((root ? shift : 2 * shift) + 1));
        return numerator.signum() < 0 ? -found : found;
    }

    static String results(State s) {
        boolean sums = (s.components & SUM) != 0, squared = (s.components & SQUARES) != 0;
        var cells = new ArrayList<String>(List.of(s.count.toString()));
        cells.addAll(sums ? List.of(plain(s.sum), text(nearest(s.sum, s.count, false))) : List.of("", ""));
        cells.addAll((s.components & EXTREMES) != 0 ? List.of(plain(s.least), plain(s.most)) : List.of("", ""));
        cells.addAll((s.components & ENDPOINTS) == 0 ? List.of("", "", "", "")
                : List.of(plain(s.first.value), "" + s.first.time, plain(s.last.value), "" + s.last.time));
        var fewer = s.count.subtract(BigInteger.ONE);
        if (sums && squared && fewer.signum() > 0) {
            var numerator = s.squares.multiply(new BigDecimal(s.count)).subtract(s.sum.multiply(s.sum));
            var denominator = s.count.multiply(fewer);
            cells.add(text(nearest(numerator, denominator, false)));
            cells.add(text(nearest(numerator, denominator, true)));
        } else {
            cells.addAll(List.of("", ""));
        }
        return String.join(",", cells);
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 0) {
            System.err.println("Reader http://HOST:PORT | kafka:BROKERS/TOPIC | FILE [NAME=VALUE ...]");
            System.exit(2);
        }
        var settings = new HashMap<String, String>();
        for (int i = 1; i < arguments.length; i++) {
            var pair = arguments[i].split("=", 2);
            settings.put(pair[0], pair.length > 1 ? pair[1] : "");
        }
        var log = new Reader();
        try {
            records(arguments[0], settings, log::take);
        } catch (Exception why) {
            System.err.println("reader: " + why.getMessage());
            System.exit(2);
        }
        boolean complete = log.complete();
        try (var out = new PrintStream(new BufferedOutputStream(System.out, 1 << 16), false, UTF_8)) {
            log.export(out);
        }
        log.remarks.forEach(System.err::println);
        var counts = log.met.entrySet().stream().map(e -> e.getValue() + " " + e.getKey()).toList();
        System.err.println(String.join(", ", counts));
        System.exit(complete ? 0 : 1);
    }
}
