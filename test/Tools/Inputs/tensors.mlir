// Functions that hand back what they are given, one an element type.
func.func @i1(%a: tensor<?x?xi1>) -> tensor<?x?xi1> { return %a : tensor<?x?xi1> }
func.func @i8(%a: tensor<?x?xi8>) -> tensor<?x?xi8> { return %a : tensor<?x?xi8> }
func.func @i32(%a: tensor<?x?xi32>) -> tensor<?x?xi32> { return %a : tensor<?x?xi32> }
func.func @i64(%a: tensor<?x?xi64>) -> tensor<?x?xi64> { return %a : tensor<?x?xi64> }
func.func @index(%a: tensor<?x?xindex>) -> tensor<?x?xindex> { return %a : tensor<?x?xindex> }
func.func @f16(%a: tensor<?x?xf16>) -> tensor<?x?xf16> { return %a : tensor<?x?xf16> }
func.func @bf16(%a: tensor<?x?xbf16>) -> tensor<?x?xbf16> { return %a : tensor<?x?xbf16> }
func.func @f32(%a: tensor<?x?xf32>) -> tensor<?x?xf32> { return %a : tensor<?x?xf32> }
func.func @f64(%a: tensor<?x?xf64>) -> tensor<?x?xf64> { return %a : tensor<?x?xf64> }
func.func @scalar(%a: f32) -> f32 { return %a : f32 }
