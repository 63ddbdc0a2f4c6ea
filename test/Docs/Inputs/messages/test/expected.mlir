// expected-error@+1 {{'x.op' op expected rank 3, found 2}}
// expected-error@below {{expected extent}}
// expected-error@below {{expected the scale to be positive}}
// expected-error @below {{expected the last dimension}}
// expected-error@below {{expected one block}}
// CHECK: warning: slow path
// expected-note@below {{because of "that"}}
// RUN: not tool 2>&1 | grep "error: expected a first dimension"
