package ai.mobileiqa.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** Photos and their scores, best first; equal scores stay in the order in which they were added. */
public final class Ranking {
    private final List<Row> rows = new ArrayList<Row>();

    /** A photo and its score. */
    public static final class Row implements Comparable<Row> {
        /** As it was given. */
        public final String name;

        /** In [0, 1]. */
        public final double score;

        /** Why the score is low, in English; empty without a reason, null if the model names none. */
        public final String reason;

        Row(String name, double score, String reason) {
            this.name = name;
            this.score = score;
            this.reason = reason;
        }

        @Override
        public int compareTo(Row other) {
            return Double.compare(other.score, score);
        }
    }

    /**
     * Takes a photo in.
     *
     * @param reason in English, such as {@code too dark} or {@code not a photo}; empty without one, null if the
     *     model names none
     * @throws IllegalArgumentException a score outside [0, 1], or NaN
     */
    public void add(String name, double score, String reason) {
        Band.of(score);
        rows.add(new Row(name, score, reason));
    }

    /** A new list, best first. */
    public List<Row> rows() {
        List<Row> sorted = new ArrayList<Row>(rows);
        Collections.sort(sorted);
        return sorted;
    }

    /**
     * Returns a table as RFC 4180 specifies it, with the header {@code rank,photo,score,band}, and {@code reason}
     * behind it if the model names reasons. Names are printable.
     */
    public String csv() {
        boolean hasReasons = false;
        for (Row row : rows) {
            hasReasons |= row.reason != null;
        }
        StringBuilder csv = new StringBuilder("rank,photo,score,band").append(hasReasons ? ",reason\r\n" : "\r\n");
        int rank = 1;
        for (Row row : rows()) {
            csv.append(rank++).append(',').append(field(row.name)).append(',');
            csv.append(row.score).append(',');
            csv.append(Band.of(row.score).name().toLowerCase(Locale.ROOT));
            csv.append(hasReasons ? "," + field(row.reason == null ? "" : row.reason) : "").append("\r\n");
        }
        return csv.toString();
    }

    private static String field(String text) {
        String name = Text.printable(text);
        // A spreadsheet would run such a cell as a formula; the apostrophe makes it text.
        String safe = !name.isEmpty() && "=+-@".indexOf(name.charAt(0)) >= 0 ? "'" + name : name;
        boolean plain = safe.indexOf(',') < 0 && safe.indexOf('"') < 0;
        return plain ? safe : '"' + safe.replace("\"", "\"\"") + '"';
    }
}
