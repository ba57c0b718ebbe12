# SPDX-License-Identifier: MIT
# Curves of one benchmark: gnuplot -e "csv='out/map.csv'; png='map.png'" tests/bench/curves.gp
set terminal pngcairo size 1200,800
set output png
set datafile separator ","
set logscale xy
set xlabel "live mappings, entries or blocks (0 is drawn at 0.5)"
set ylabel "ns, median"
set key outside right
names = system("tail -n +2 ".csv." | sed 's/^\"\\([^\"]*\\)\".*/\\1/' | sort -u | tr ' ' '~' | tr '\\n' ' '")
series(i) = system("echo '".word(names, i)."' | tr '~' ' '")
points(i) = "< grep -F '\"".series(i)."\"' ".csv." | sed 's/^\"[^\"]*\",//'"
plot for [i = 1:words(names)] points(i) using ($1 < 0.5 ? 0.5 : $1):2 with linespoints title series(i)
