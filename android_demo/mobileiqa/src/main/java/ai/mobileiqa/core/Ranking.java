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

        Row(String name, double score) {
            this.name = name;
            this.score = score;
        }

        @Override
        public int compareTo(Row other) {
            return Double.compare(other.score, score);
        }
    }

    /**
     * Takes a photo in.
     *
     * @throws IllegalArgumentException a score outside [0, 1], or NaN
     */
    public void add(String name, double score) {
        Band.of(score);
        rows.add(new Row(name, score));
    }

    /** A new list, best first. */
    public List<Row> rows() {
        List<Row> sorted = new ArrayList<Row>(rows);
        Collections.sort(sorted);
        return sorted;
    }

    /** Returns a table as RFC 4180 specifies it, with the header {@code rank,photo,score,band}; names are printable. */
    public String csv() {
        StringBuilder csv = new StringBuilder("rank,photo,score,band\r\n");
        int rank = 1;
        for (Row row : rows()) {
            csv.append(rank++).append(',').append(field(row.name)).append(',');
            csv.append(row.score).append(',');
            csv.append(Band.of(row.score).name().toLowerCase(Locale.ROOT)).append("\r\n");
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
