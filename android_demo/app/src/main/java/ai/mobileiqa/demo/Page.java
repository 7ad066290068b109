package ai.mobileiqa.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A text as blocks for the screen: paragraphs of plain text, or of Markdown as far as our documents use it. */
final class Page {
    /** What a block is. */
    enum Kind {
        HEADING,
        PARAGRAPH,
        ITEM,
        CODE
    }

    /** How part of a block is written. */
    enum Style {
        BOLD,
        CODE
    }

    /** Part of a block, from one character to before another. */
    static final class Span {
        final Style style;
        final int start;
        final int end;

        Span(Style style, int start, int end) {
            this.style = style;
            this.start = start;
            this.end = end;
        }
    }

    /** Text that stands together. */
    static final class Block {
        final Kind kind;
        final String text;
        final List<Span> spans;

        Block(Kind kind, String text, List<Span> spans) {
            this.kind = kind;
            this.text = text;
            this.spans = Collections.unmodifiableList(spans);
        }
    }

    private static final Pattern HEADING = Pattern.compile("#{1,6} +(.*)");
    private static final Pattern ITEM = Pattern.compile("\\s*(?:[-*]|\\d+\\.) +(.*)");
    private static final Pattern RULE = Pattern.compile("\\|?(?:\\s*:?-+:?\\s*\\|)+\\s*:?-*:?\\s*");
    private static final Pattern INLINE =
            Pattern.compile("\\*\\*(.+?)\\*\\*|`([^`]+)`|\\[([^\\]]*)\\]\\([^)]*\\)|\\*([^*\\s][^*]*)\\*");

    private final List<Block> blocks = new ArrayList<Block>();
    private final StringBuilder open = new StringBuilder();
    private Kind kind = Kind.PARAGRAPH;
    private List<String> header;

    private Page() {}

    /**
     * Reads a text in UTF-8.
     *
     * @param isMarkdown else lines are kept as they are, and paragraphs end at empty ones
     */
    static List<Block> read(InputStream in, boolean isMarkdown) throws IOException {
        Page page = new Page();
        BufferedReader lines = new BufferedReader(new InputStreamReader(in, "UTF-8"));
        boolean isCode = false;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (isMarkdown && line.startsWith("```")) {
                page.end();
                isCode = !isCode;
                page.kind = isCode ? Kind.CODE : Kind.PARAGRAPH;
            } else if (isCode || !isMarkdown) {
                page.addPlain(line, isCode);
            } else {
                page.addMarkdown(line);
            }
        }
        page.end();
        return page.blocks;
    }

    private void addPlain(String line, boolean isCode) {
        if (line.trim().isEmpty() && !isCode) {
            end();
        } else {
            open.append(open.length() == 0 ? "" : "\n").append(line);
        }
    }

    private void addMarkdown(String line) {
        Matcher heading = HEADING.matcher(line);
        Matcher item = ITEM.matcher(line);
        if (line.trim().startsWith("|")) {
            end();
            addRow(line.trim());
            return;
        }
        header = null;
        if (line.trim().isEmpty() || line.startsWith("<!--")) {
            end();
        } else if (heading.matches()) {
            end();
            kind = Kind.HEADING;
            open.append(heading.group(1));
            end();
        } else if (item.matches()) {
            end();
            kind = Kind.ITEM;
            open.append(item.group(1));
        } else {
            open.append(open.length() == 0 ? "" : " ").append(line.trim());
        }
    }

    /** Adds a row of a table: its first cell in bold, the others below, each with the head of its column. */
    private void addRow(String line) {
        List<String> cells = new ArrayList<String>();
        for (String cell : line.replaceAll("^\\||\\|$", "").split("(?<!\\\\)\\|", -1)) {
            cells.add(cell.trim());
        }
        if (header == null) {
            header = cells;
            return;
        }
        if (RULE.matcher(line).matches()) {
            return;
        }
        StringBuilder row = new StringBuilder();
        for (int i = 0; i < cells.size(); i++) {
            String head = i < header.size() ? header.get(i) : "";
            if (i == 0) {
                row.append(cells.get(0).isEmpty() ? "" : "**" + cells.get(0).replace("**", "") + "**");
            } else if (!cells.get(i).isEmpty()) {
                row.append('\n').append(head.isEmpty() ? "" : head + ": ").append(cells.get(i));
            }
        }
        open.append(row);
        end();
    }

    /** Ends the open block, if there is one. */
    private void end() {
        if (open.length() > 0) {
            blocks.add(kind == Kind.CODE ? new Block(kind, open.toString(), new ArrayList<Span>()) : inline());
            open.setLength(0);
        }
        kind = Kind.PARAGRAPH;
    }

    /** Takes bold, code and links out of the open block. */
    private Block inline() {
        StringBuilder text = new StringBuilder();
        List<Span> spans = new ArrayList<Span>();
        Matcher part = INLINE.matcher(open);
        int at = 0;
        while (part.find()) {
            text.append(open, at, part.start());
            int start = text.length();
            for (int group = 1; group <= part.groupCount(); group++) {
                text.append(part.group(group) == null ? "" : part.group(group).replace("`", ""));
            }
            if (part.group(1) != null || part.group(2) != null) {
                spans.add(new Span(part.group(1) != null ? Style.BOLD : Style.CODE, start, text.length()));
            }
            at = part.end();
        }
        text.append(open, at, open.length());
        return new Block(kind, text.toString(), spans);
    }
}
