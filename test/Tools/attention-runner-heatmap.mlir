// Heat maps: in the terminal, as SVG that XML parsers take, labels with
// anything printable in them.

// RUN: attention-runner %s --function=f --input=2x3xf32=0,0.25,0.5,0.75,1,nan --heatmap=0 --heatmap_row_labels='HH,"a,""b"""' --heatmap_column_labels='x,ə,' | FileCheck %s --check-prefix=TEXT --strict-whitespace --match-full-lines
//      TEXT:       x ə   
// TEXT-NEXT:   HH │  ░░▒▒│
// TEXT-NEXT:a,"b" │▓▓██??│
// TEXT-NEXT:       ' ' 0, '█' 1

// RUN: attention-runner %s --function=f --input=130x3xf32=1 --heatmap=0 | FileCheck %s --check-prefix=LARGE
// LARGE-COUNT-44: │██████│
// LARGE-NEXT: ' ' 0, '█' 1; a cell is the largest of 3 x 1 elements

// RUN: not attention-runner %s --function=f --input=2x3xf32=-1,0,1,nan,inf,-inf --heatmap=0:%t.svg --heatmap_row_labels=a,b --heatmap_column_labels='long label,ə,"""' 2>&1 | FileCheck %s --check-prefix=OPEN
// OPEN: {{^}}attention-runner: error: --heatmap_column_labels: a label starts with a double quote and does not end with one
// RUN: attention-runner %s --function=f --input=2x3xf32=-1,0,1,nan,inf,-inf --heatmap=0:%t.svg --heatmap_row_labels='<&>,b' --heatmap_column_labels='long label,ə,""""'
// RUN: %python -c "import sys, xml.etree.ElementTree as e; r = e.parse(sys.argv[1]).getroot(); print(r.tag, [t.text for t in r.iter() if t.tag.endswith('text')], len([t for t in r.iter() if t.tag.endswith('title')]))" %t.svg | FileCheck %s --check-prefix=SVG
// SVG: {http://www.w3.org/2000/svg}svg ['long label', 'ə', '"', '<&>', 'b', 'white -1, dark 1'] 6

// RUN: not attention-runner %s --function=f --input=2x3xf32 --heatmap=1 2>&1 | FileCheck %s --check-prefix=INDEX
// INDEX: {{^}}attention-runner: error: --heatmap=1: there are 1 results, counted from 0
// RUN: not attention-runner %s --function=f --input=2x3xf32 --heatmap=x 2>&1 | FileCheck %s --check-prefix=SYNTAX
// RUN: not attention-runner %s --function=f --input=2x3xf32 --heatmap=0: 2>&1 | FileCheck %s --check-prefix=SYNTAX
// SYNTAX: {{^}}attention-runner: error: --heatmap={{.*}} is not RESULT or RESULT:FILE.svg
// RUN: not attention-runner %s --function=g --input=2x2x3xf32 --heatmap=0 2>&1 | FileCheck %s --check-prefix=RANK
// RUN: attention-runner %s --function=g --input=1x2x3xf32 --heatmap=0 | FileCheck %s --check-prefix=LEADING
// RANK: {{^}}attention-runner: error: --heatmap=0: a heat map shows two dimensions, and 2x2x3xf32 has not two (leading ones of size 1 do not count)
// LEADING-COUNT-2: │      │
// RUN: not attention-runner %s --function=f --input=2x3xf32 --heatmap=0 --heatmap_row_labels=a 2>&1 | FileCheck %s --check-prefix=LABELS
// LABELS: {{^}}attention-runner: error: --heatmap=0: 1 row labels for 2 rows
// RUN: not attention-runner %s --function=f --input=2x3xf32 --heatmap=0 --heatmap_row_labels='"a"b,c' 2>&1 | FileCheck %s --check-prefix=QUOTE
// QUOTE: {{^}}attention-runner: error: --heatmap_row_labels: label 'a' goes on after its closing double quote
// RUN: not attention-runner %s --function=f --input=2x3xf32 --heatmap=0:%t.none/a.svg 2>&1 | FileCheck %s --check-prefix=FILE
// FILE: {{^}}attention-runner: error: cannot write '{{.*}}.none/a.svg': No such file or directory

func.func @f(%a: tensor<?x?xf32>) -> tensor<?x?xf32> {
  return %a : tensor<?x?xf32>
}

func.func @g(%a: tensor<?x?x?xf32>) -> tensor<?x?x?xf32> {
  return %a : tensor<?x?x?xf32>
}
