#!/usr/bin/awk -f
# The mapper for the sales exports in awk, for mawk and gawk. Run it with LC_ALL=C:
#
#   LC_ALL=C awk -f mapper.awk < sales.csv > temp.tsv
#
# It writes the same ok and reject lines as `mapper --spec testdata/specs/sales.toml`, but for what
# README.md lists, and a last line with its counts. Amounts stay text, so no digit passes through a
# binary number; only the totals are counted in cents by awk's doubles, exact up to 9e15 cents.

BEGIN {
    FS = "\n"                                       # fields are split below, only where a row needs it
    columns = 14
    header = "Region,Country,Item Type,Sales Channel,Order Priority,Order Date,Order ID,Ship Date," \
        "Units Sold,Unit Price,Unit Cost,Total Revenue,Total Cost,Total Profit"
    split("region,country,item_type,sales_channel,order_priority,order_date,order_id,ship_date," \
        "units_sold,unit_price,unit_cost,total_revenue,total_cost,total_profit", name, ",")
    regions("SUB-SAHARAN AFRICA", "SSA,SUB SAHARAN AFRICA")
    regions("MIDDLE EAST AND NORTH AFRICA", "MENA")
    regions("EUROPE", "EUR")
    regions("ASIA", "APAC")
    regions("CENTRAL AMERICA AND THE CARIBBEAN", "CAC")
    regions("AUSTRALIA AND OCEANIA", "ANZ")
    regions("NORTH AMERICA", "NA")
    channels["Online"]; channels["Offline"]
    priorities["C"]; priorities["H"]; priorities["M"]; priorities["L"]
    split("31,28,31,30,31,30,31,31,30,31,30,31", days, ",")
    file = ENVIRON["mapreduce_map_input_file"]
    start = ENVIRON["mapreduce_map_input_start"] + 0
    if (file == "") file = "-"
}

{
    sub(/\r$/, "")
    if (NR == 1) sub(/^\357\273\277/, "")
    if ($0 == "") { blank++; next }
    if ($0 == header) { headers++; next }
    records++
    reason = ""; column = ""
    if (length($0) > 4096) reason = "too_long"
    else if (!fields($0)) reason = "quote"
    else if (count != columns) reason = "field_count"
    else row()
    if (reason == "") {
        ok++
        revenue += cents(value[12]); profit += cents(value[14])
        line = "ok"
        for (i = 1; i <= columns; i++) line = line "\t" value[i]
        print line
    } else {
        rejected[reason "/" column]++
        print reason "\t" column "\t" escape(file) "\t" start "\t" records "\t" escape(substr($0, 1, 4096))
    }
}

END {
    printf "seal\tlines=%d records=%d ok=%d blank=%d headers=%d", NR, records, ok, blank, headers
    printf " total_revenue=%.2f total_profit=%.2f", revenue / 100, profit / 100
    for (reason in rejected) printf " %s=%d", reason, rejected[reason]
    print ""
}

function regions(canonical, aliases,    alias, i, n) {
    region[canonical] = canonical
    n = split(aliases, alias, ",")
    for (i = 1; i <= n; i++) region[alias[i]] = canonical
}

# The fields of a line into value[]; 0 where its quotes are wrong.
function fields(line,    at, end, text) {
    if (index(line, "\"") == 0) { count = split(line, value, ","); return 1 }
    count = 0
    line = line ","
    while (line != "") {
        if (substr(line, 1, 1) != "\"") {
            at = index(line, ",")
            value[++count] = substr(line, 1, at - 1)
            line = substr(line, at + 1)
            continue
        }
        text = ""
        line = substr(line, 2)
        for (;;) {
            end = index(line, "\"")
            if (end == 0) return 0                  # never closed
            text = text substr(line, 1, end - 1)
            line = substr(line, end + 1)
            if (substr(line, 1, 1) != "\"") break
            text = text "\""                        # two quotes are one
            line = substr(line, 2)
        }
        if (substr(line, 1, 1) != ",") return 0     # text behind the closing quote
        value[++count] = text
        line = substr(line, 2)
    }
    return 1
}

# Converts value[] in the order of the columns; sets reason and column at the first that is not good.
function row() {
    if (!label(1, 1, region)) return
    value[1] = region[value[1]]
    if (!filled(2) || !filled(3)) return
    if (length(value[3]) > 40) { bad("length", 3); return }
    value[2] = escape(value[2]); value[3] = escape(value[3])
    if (!label(4, 0, channels) || !label(5, 1, priorities)) return
    if (!date(6) || !integer(7) || !date(8) || !integer(9)) return
    if (value[9] ~ /^-/) { bad("range", 9); return }
    for (i = 10; i <= 14; i++) if (!money(i)) return
    if (value[8] < value[6]) { reason = "rule"; column = "shipped_after_order" }
}

function bad(why, i) { reason = why; column = name[i]; return 0 }

# A value without the white space around it; 0 where nothing is left.
function present(i) {
    if (value[i] ~ /^[ \t\v\f]|[ \t\v\f]$/) { sub(/^[ \t\v\f]+/, "", value[i]); sub(/[ \t\v\f]+$/, "", value[i]) }
    return value[i] != "" || bad("required", i)
}

function filled(i) { return value[i] != "" || bad("required", i) }

function label(i, upper, labels) {
    if (!present(i)) return 0
    gsub(/[ \t\v\f]+/, " ", value[i])
    if (upper) value[i] = toupper(value[i])
    return value[i] in labels || bad("region", i)
}

function date(i,    part, last) {
    if (!present(i)) return 0
    if (value[i] !~ /^[0-9][0-9]?\/[0-9][0-9]?\/[0-9][0-9][0-9][0-9]$/) return bad("date", i)
    split(value[i], part, "/")
    last = days[part[1] + 0]
    if (part[1] == 2 && part[3] % 4 == 0 && (part[3] % 100 != 0 || part[3] % 400 == 0)) last = 29
    if (part[3] < 1 || part[2] < 1 || part[2] + 0 > last + 0) return bad("date", i)
    value[i] = sprintf("%s-%02d-%02d", part[3], part[1], part[2])
    return 1
}

# Takes the sign and the leading zeros of value[i] off; the sign is left in `sign`.
function unsigned(i) {
    sign = substr(value[i], 1, 1)
    if (sign == "-" || sign == "+") value[i] = substr(value[i], 2)
    if (sign != "-") sign = ""
    if (value[i] ~ /^0[0-9]/) sub(/^0+/, "", value[i])
    if (value[i] == "" || value[i] ~ /^\./) value[i] = "0" value[i]
}

function integer(i,    limit) {
    if (value[i] ~ /^[1-9][0-9]*$/ && length(value[i]) < 19) return 1   # as most are: nothing to do
    if (!present(i)) return 0
    if (value[i] !~ /^[+-]?[0-9]+$/) return bad("integer", i)
    unsigned(i)
    limit = sign == "-" ? "9223372036854775808" : "9223372036854775807"
    # Compared as text: as numbers, the last digits would be lost.
    if (length(value[i]) > 19 || length(value[i]) == 19 && value[i] "" > limit "") return bad("integer", i)
    if (value[i] != "0") value[i] = sign value[i]
    return 1
}

function money(i,    point, whole, fraction, digits) {
    if (value[i] ~ /^[1-9][0-9]*\.[0-9][0-9]$/ && length(value[i]) < 20) return 1
    if (!present(i)) return 0
    if (value[i] !~ /^[+-]?[0-9]+(\.[0-9]+)?$/) return bad("money", i)
    unsigned(i)
    point = index(value[i], ".")
    if (point == 0) { whole = value[i]; fraction = "00" }
    else { whole = substr(value[i], 1, point - 1); fraction = substr(value[i], point + 1) "0" }
    if (length(fraction) > 2) {
        digits = whole substr(fraction, 1, 2)
        if (substr(fraction, 3, 1) >= 5) digits = increment(digits)
        whole = substr(digits, 1, length(digits) - 2)
        fraction = substr(digits, length(digits) - 1)
    }
    if (length(whole) > 16) return bad("money", i)
    if (whole fraction ~ /^0+$/) sign = ""
    value[i] = sign whole "." fraction
    return 1
}

# One more than a number of any length, by digits.
function increment(digits,    at, nines) {
    for (at = length(digits); at > 0 && substr(digits, at, 1) == "9"; at--) continue
    nines = substr(digits, at + 1)
    gsub(/9/, "0", nines)
    return substr(digits, 1, at - 1) (at ? substr(digits, at, 1) + 1 : 1) nines
}

function cents(amount) { sub(/\./, "", amount); return amount + 0 }

function escape(text) {
    if (text ~ /[\\\t]/) { gsub(/\\/, "&&", text); gsub(/\t/, "\\\t", text) }
    return text
}
