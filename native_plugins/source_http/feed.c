/*
 * feed.c: tags and texts one after the other.
 */
#define _GNU_SOURCE

#include "feed.h"

#include "words.h"

#define VALUE_BYTES ST_HTTP_URL_BYTES

/* The text of an element or an attribute, its references resolved; what is too long is cut. */
typedef struct Value {
    char text[VALUE_BYTES];
    size_t len;
} Value;

typedef struct Feed {
    const char *base;
    Listing *out;
    int in_item;
    Value *filling; /* the element whose text comes now; null: none that we know */
    Value title, duration, link;
} Feed;

static void append(Value *value, const char *text, size_t len) {
    if (len > VALUE_BYTES - value->len) len = VALUE_BYTES - value->len;
    memcpy(value->text + value->len, text, len);
    value->len += len;
}

static void append_code(Value *value, uint32_t code) {
    char bytes[4];
    if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return;
    if (code < 0x80) {
        bytes[0] = (char)code;
        append(value, bytes, 1);
        return;
    }
    size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, code >>= 6) bytes[i] = (char)(0x80 | (code & 0x3F));
    bytes[0] = (char)((n == 2 ? 0xC0 : n == 3 ? 0xE0 : 0xF0) | code);
    append(value, bytes, n);
}

/* A reference that begins at `at` with "&"; how many bytes it has, 0 for none. */
static size_t reference(const char *at, size_t len, Value *value) {
    static const struct {
        const char *name;
        char stands_for;
    } names[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
    size_t n = 2;
    uint32_t code = 0, base = 10;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!words_begin(at, len, names[i].name)) continue;
        append(value, &names[i].stands_for, 1);
        return strlen(names[i].name);
    }
    if (len < 4 || at[1] != '#') return 0;
    if (at[2] == 'x' || at[2] == 'X') base = 16, n = 3;
    for (; n < len && code <= 0x10FFFF; n++) {
        char c = at[n];
        uint32_t digit = c >= '0' && c <= '9' ? (uint32_t)(c - '0') : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                       : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10) : 99;
        if (digit >= base) break;
        code = code * base + digit;
    }
    if (n >= len || at[n] != ';') return 0;
    append_code(value, code);
    return n + 1;
}

static void append_escaped(Value *value, const char *text, size_t len) {
    for (size_t i = 0; i < len;) {
        size_t n = text[i] == '&' ? reference(text + i, len - i, value) : 0;
        if (n == 0) append(value, text + i, n = 1);
        i += n;
    }
}

static int is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* The value of attribute `name` in what stands in a tag behind its own name. */
static int attribute(const char *at, const char *end, const char *name, Value *out) {
    size_t n = strlen(name);
    while (at < end) {
        const char *key, *value;
        size_t key_len;
        while (at < end && (is_blank(*at) || *at == '/')) at++;
        for (key = at; at < end && !is_blank(*at) && *at != '='; at++) {}
        key_len = (size_t)(at - key);
        while (at < end && is_blank(*at)) at++;
        if (at >= end || *at != '=') {
            if (key_len == 0) at++;
            continue;
        }
        for (at++; at < end && is_blank(*at); at++) {}
        if (at >= end || (*at != '"' && *at != '\'')) continue;
        value = at + 1;
        for (at = value; at < end && *at != value[-1]; at++) {}
        if (key_len == n && words_begin(key, n, name)) {
            out->len = 0;
            append_escaped(out, value, (size_t)(at - value));
            return 1;
        }
        if (at < end) at++;
    }
    return 0;
}

static int is_other_medium(const Value *type) {
    return words_begin(type->text, type->len, "image/") || words_begin(type->text, type->len, "text/") ||
           words_begin(type->text, type->len, "application/pdf") || words_begin(type->text, type->len, "application/epub");
}

/* An item has one medium: the first. */
static void take_link(Feed *feed, const char *at, const char *end, const char *name) {
    Value type = {.len = 0};
    if (feed->link.len || (attribute(at, end, "type", &type) && is_other_medium(&type))) return;
    if (!attribute(at, end, name, &feed->link)) feed->link.len = 0;
}

/* H:M:S, M:S or S. */
static double duration(const Value *value) {
    double seconds = 0, part = 0;
    for (size_t i = 0; i < value->len && seconds < 1e7; i++) {
        if (value->text[i] == ':') seconds = (seconds + part) * 60, part = 0;
        else if (value->text[i] >= '0' && value->text[i] <= '9') part = part * 10 + (value->text[i] - '0');
        else if (value->text[i] == '.') break;
    }
    return seconds + part < 1e7 ? seconds + part : 0;
}

static void end_item(Feed *feed) {
    Entry *entry;
    if (feed->link.len == 0) return;
    entry = listing_add(feed->out, feed->base, feed->link.text, feed->link.len, feed->title.text, feed->title.len);
    if (entry == NULL) return;
    entry->seconds = duration(&feed->duration);
    entry->folder = 0;
}

static int is_name(const char *tag, size_t len, const char *name) { return len == strlen(name) && words_begin(tag, len, name); }

/* A tag, from behind its "<" up to its ">". */
static void take_tag(Feed *feed, const char *at, const char *end) {
    int ends = at < end && *at == '/';
    const char *name = at + ends;
    size_t len = 0;
    Value rel = {.len = 0};
    while (name + len < end && !is_blank(name[len]) && name[len] != '/') len++;
    feed->filling = NULL;
    if (is_name(name, len, "item") || is_name(name, len, "entry")) {
        if (feed->in_item) end_item(feed);
        feed->in_item = !ends;
        feed->title.len = feed->duration.len = feed->link.len = 0;
    } else if (!feed->in_item || ends) {
        return;
    } else if (is_name(name, len, "title") && feed->title.len == 0) {
        feed->filling = &feed->title;
    } else if (is_name(name, len, "itunes:duration") && feed->duration.len == 0) {
        feed->filling = &feed->duration;
    } else if (is_name(name, len, "enclosure") || is_name(name, len, "media:content")) {
        take_link(feed, name + len, end, "url");
    } else if (is_name(name, len, "link") && attribute(name + len, end, "rel", &rel) && is_name(rel.text, rel.len, "enclosure")) {
        take_link(feed, name + len, end, "href");
    }
}

/* Where `mark` is; the end where it is not. */
static const char *find(const char *at, const char *end, const char *mark) {
    size_t n = strlen(mark);
    const char *hit = memmem(at, (size_t)(end - at), mark, n);
    return hit ? hit : end;
}

static const char *tag_end(const char *at, const char *end) {
    char quote = '\0';
    for (; at < end; at++) {
        if (quote) quote = *at == quote ? '\0' : quote;
        else if (*at == '>') break;
        else if (*at == '"' || *at == '\'') quote = *at;
    }
    return at;
}

void feed_read(const char *text, size_t len, const char *base, Listing *out) {
    const char *at = text, *end = text + len;
    Feed *feed = calloc(1, sizeof *feed);
    if (feed == NULL) {
        out->no_memory = 1;
        return;
    }
    feed->base = base;
    feed->out = out;
    while (at < end) {
        const char *tag = find(at, end, "<"), *stop;
        if (feed->filling) append_escaped(feed->filling, at, (size_t)(tag - at));
        if (words_begin(tag, (size_t)(end - tag), "<!--")) {
            stop = find(tag, end, "-->");
            at = end - stop > 3 ? stop + 3 : end;
        } else if (words_begin(tag, (size_t)(end - tag), "<![cdata[")) {
            stop = find(tag, end, "]]>");
            if (feed->filling && stop > tag + 9) append(feed->filling, tag + 9, (size_t)(stop - tag - 9));
            at = end - stop > 3 ? stop + 3 : end;
        } else {
            stop = tag_end(tag, end);
            if (end - tag > 1 && tag[1] != '!' && tag[1] != '?') take_tag(feed, tag + 1, stop);
            at = end - stop > 1 ? stop + 1 : end;
        }
    }
    free(feed);
}
