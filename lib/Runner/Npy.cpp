//===- Npy.cpp - Reading and writing .npy files ---------------------------===//
//
// Why not a kept library: xtensor's reader (xnpy.hpp, as libnpy of which it is
// made) takes header lengths through signed chars, never sees whether reading
// came to its end, multiplies shapes without a check, knows no 'V2' for bf16
// and wants the keys of the header in one order. Debian 12's xtensor-dev holds
// no headers at all.
//

#include "Attention/Runner/Npy.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace mlir;
using namespace mlir::attention;
using namespace mlir::attention::runner;

static constexpr StringLiteral magic("\x93NUMPY");

/// NumPy reads no more than 10 000 bytes of header unless told to.
static constexpr size_t maxHeaderBytes = 1 << 16;

/// NumPy's own limit.
static constexpr size_t maxRank = 64;

namespace {
/// What the dictionary in a file's header says.
struct Header {
  std::string descr;
  bool fortranOrder = false;
  SmallVector<int64_t> shape;
};

/// Parses the one Python expression that headers hold:
/// {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
class HeaderParser {
public:
  explicit HeaderParser(StringRef text) : rest(text) {}

  llvm::Error parse(Header &header);

private:
  bool consume(char c) {
    rest = rest.ltrim(" \n");
    return rest.consume_front(StringRef(&c, 1));
  }
  bool parseString(std::string &text);
  bool parseBool(bool &value);
  bool parseShape(SmallVectorImpl<int64_t> &shape);

  StringRef rest;
};
} // namespace

bool HeaderParser::parseString(std::string &text) {
  char quote = consume('\'') ? '\'' : consume('"') ? '"' : 0;
  size_t end = quote ? rest.find(quote) : StringRef::npos;
  if (end == StringRef::npos)
    return false;
  text = rest.take_front(end).str();
  rest = rest.drop_front(end + 1);
  return llvm::all_of(text, llvm::isPrint) && !StringRef(text).contains('\\');
}

bool HeaderParser::parseBool(bool &value) {
  rest = rest.ltrim(" \n");
  value = rest.starts_with("True");
  return rest.consume_front("True") || rest.consume_front("False");
}

bool HeaderParser::parseShape(SmallVectorImpl<int64_t> &shape) {
  if (!consume('('))
    return false;
  while (!consume(')')) {
    int64_t size;
    rest = rest.ltrim(" \n");
    if (rest.consumeInteger(10, size) || shape.size() == maxRank)
      return false;
    shape.push_back(size);
    // "(3)" is no tuple.
    if (!consume(',') &&
        (shape.size() == 1 || !rest.ltrim(" \n").starts_with(")")))
      return false;
  }
  return true;
}

llvm::Error HeaderParser::parse(Header &header) {
  bool hasDescr = false, hasOrder = false, hasShape = false;
  bool isValid = consume('{');
  while (isValid && !consume('}')) {
    std::string key;
    isValid = parseString(key) && consume(':');
    if (!isValid)
      break;
    if (key == "descr" && rest.ltrim(" \n").starts_with("["))
      return makeError("it holds records, not numbers");
    if (key == "descr")
      isValid = !std::exchange(hasDescr, true) && parseString(header.descr);
    else if (key == "fortran_order")
      isValid =
          !std::exchange(hasOrder, true) && parseBool(header.fortranOrder);
    else if (key == "shape")
      isValid = !std::exchange(hasShape, true) && parseShape(header.shape);
    else
      isValid = false;
    isValid = isValid && (consume(',') || rest.ltrim(" \n").starts_with("}"));
  }
  if (!isValid || !hasDescr || !hasOrder || !hasShape ||
      !rest.trim(" \n").empty())
    return makeError("its header is not a dictionary of descr, fortran_order "
                     "and shape as NumPy writes it");
  return llvm::Error::success();
}

/// The element type for a `descr` such as '<f4'.
static llvm::Expected<ElementType>
resolveType(StringRef descr, std::optional<ElementType> wanted) {
  char order = descr.empty() ? 0 : descr.front();
  StringRef code = descr.drop_front(!descr.empty());
  if (!StringRef("<>|=").contains(order))
    code = descr;
  auto type = llvm::StringSwitch<std::optional<ElementType>>(code)
                  .Case("b1", ElementType::I1)
                  .Cases({"i1", "u1"}, ElementType::I8)
                  .Cases({"i4", "u4"}, ElementType::I32)
                  .Cases({"i8", "u8"}, ElementType::I64)
                  .Case("f2", ElementType::F16)
                  .Case("V2", ElementType::BF16)
                  .Case("f4", ElementType::F32)
                  .Case("f8", ElementType::F64)
                  .Default(std::nullopt);
  if (code == "u2" && wanted == ElementType::BF16)
    type = ElementType::BF16;
  if (code == "u2" && !type)
    return makeError("its elements '", descr,
                     "' are two-byte words, which "
                     "only stand for bf16, and that is not wanted here");
  if (!type)
    return makeError("its elements '", descr,
                     "' are not of a type that "
                     "functions take; use f2, f4, f8, b1, i1, i4, i8, or V2 "
                     "for bf16");
  if (order == '>')
    return makeError("its elements '", descr,
                     "' are big-endian; write them "
                     "little-endian: a.astype(a.dtype.newbyteorder('<'))");
  if (type == ElementType::I64 && wanted == ElementType::Index)
    return ElementType::Index;
  if (type == ElementType::I8 && wanted == ElementType::I1)
    return ElementType::I1;
  return *type;
}

/// Copies elements that lie in column-major order into row-major order.
static void transposeFromFortran(const Tensor &from, Tensor &to) {
  ArrayRef<int64_t> shape = to.shape();
  unsigned bytes = byteSize(to.type());
  SmallVector<int64_t> place(shape.size(), 0);
  for (int64_t i = 0; i < to.size(); ++i) {
    int64_t source = 0;
    for (size_t d = shape.size(); d-- > 0;)
      source = source * shape[d] + place[d];
    std::memcpy(to.element(i), from.element(source), bytes);
    for (size_t d = shape.size(); d-- > 0;) {
      if (++place[d] < shape[d])
        break;
      place[d] = 0;
    }
  }
}

/// Reads exactly `size` bytes.
static bool readBytes(int file, char *data, size_t size) {
  while (size > 0) {
    ssize_t count = read(file, data, size);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return false;
    data += count;
    size -= count;
  }
  return true;
}

/// Reads a file's header; `dataBytes` is how much of the file follows it.
static llvm::Error readHeader(int file, Header &header, uint64_t &dataBytes) {
  struct stat status;
  if (fstat(file, &status))
    return makeError(std::strerror(errno));
  if (!S_ISREG(status.st_mode))
    return makeError("it is not a regular file");
  uint64_t fileBytes = status.st_size;

  char prefix[12];
  if (fileBytes < 10 || !readBytes(file, prefix, 10))
    return makeError("it is too short for a .npy file");
  if (!StringRef(prefix, 10).starts_with(magic))
    return makeError("it is not a .npy file: it does not start with "
                     "\\x93NUMPY");
  int major = static_cast<unsigned char>(prefix[6]);
  uint64_t headerBytes = llvm::support::endian::read16le(prefix + 8);
  uint64_t headerStart = 10;
  if (major < 1 || major > 3 || prefix[7] != 0)
    return makeError("its format version is ", major, ".",
                     int(static_cast<unsigned char>(prefix[7])),
                     "; 1.0, 2.0 and 3.0 are known");
  if (major > 1) {
    if (fileBytes < 12 || !readBytes(file, prefix + 10, 2))
      return makeError("it is too short for a .npy file");
    headerBytes = llvm::support::endian::read32le(prefix + 8);
    headerStart = 12;
  }
  if (headerBytes > fileBytes - headerStart)
    return makeError("it ends within its header, which says it has ",
                     headerBytes, " bytes");
  if (headerBytes > maxHeaderBytes)
    return makeError("its header of ", headerBytes, " bytes is longer than ",
                     maxHeaderBytes);
  std::string text(headerBytes, 0);
  if (!readBytes(file, text.data(), headerBytes))
    return makeError("it cannot be read: ", std::strerror(errno));
  dataBytes = fileBytes - headerStart - headerBytes;
  return HeaderParser(text).parse(header);
}

static llvm::Expected<Tensor> readFile(int file,
                                       std::optional<ElementType> wanted,
                                       Placement placement, StringRef name) {
  Header header;
  uint64_t dataBytes;
  if (llvm::Error error = readHeader(file, header, dataBytes))
    return std::move(error);
  llvm::Expected<ElementType> type = resolveType(header.descr, wanted);
  if (!type)
    return type.takeError();
  if (llvm::any_of(header.shape, [](int64_t size) { return size < 0; }))
    return makeError("its shape ", formatType(header.shape, *type),
                     " has a negative dimension");
  std::optional<int64_t> count = countElements(header.shape, *type);
  if (!count)
    return makeError("its shape ", formatType(header.shape, *type),
                     " is larger than memory can be");
  uint64_t wantedBytes = *count * byteSize(*type);
  if (wantedBytes != dataBytes)
    return makeError("its shape ", formatType(header.shape, *type), " needs ",
                     wantedBytes, " bytes, but ", dataBytes,
                     " follow the header");
  bool transposes = header.fortranOrder && header.shape.size() > 1;
  llvm::Expected<Tensor> tensor =
      Tensor::create(*type, header.shape, placement, name);
  if (!tensor)
    return tensor;
  std::optional<Tensor> staging;
  if (transposes) {
    llvm::Expected<Tensor> created = Tensor::create(*type, header.shape);
    if (!created)
      return created;
    staging = std::move(*created);
  }
  Tensor &target = staging ? *staging : *tensor;
  if (!readBytes(file, target.data(), target.bytes()))
    return makeError("it cannot be read to its end: ",
                     errno ? std::strerror(errno) : "it became shorter");
  if (staging)
    transposeFromFortran(*staging, *tensor);
  // Bytes other than 0 and 1 are booleans too.
  return std::move(*tensor).retyped(*type);
}

llvm::Expected<Tensor> runner::readNpy(StringRef path,
                                       std::optional<ElementType> wanted,
                                       Placement placement, StringRef name) {
  std::string pathText = path.str();
  errno = 0;
  // Opening a named pipe must not wait for its other end.
  int file = open(pathText.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0)
    return makeError("cannot open '", path, "': ", std::strerror(errno));
  llvm::scope_exit closer([&] { close(file); });
  llvm::Expected<Tensor> tensor = readFile(file, wanted, placement, name);
  if (!tensor)
    return makeError("cannot read '", path,
                     "': ", llvm::toString(tensor.takeError()));
  return tensor;
}

static StringRef descrOf(ElementType type) {
  switch (type) {
  case ElementType::I1:
    return "|b1";
  case ElementType::I8:
    return "|i1";
  case ElementType::I32:
    return "<i4";
  case ElementType::I64:
  case ElementType::Index:
    return "<i8";
  case ElementType::F16:
    return "<f2";
  case ElementType::BF16:
    return "<V2";
  case ElementType::F32:
    return "<f4";
  case ElementType::F64:
    return "<f8";
  }
  llvm_unreachable("all element types are handled");
}

llvm::Error runner::writeNpy(StringRef path, const Tensor &tensor) {
  std::string header;
  llvm::raw_string_ostream text(header);
  text << "{'descr': '" << descrOf(tensor.type())
       << "', 'fortran_order': False, 'shape': (";
  for (int64_t size : tensor.shape())
    text << size << ",";
  text << "), }";
  // The data start at a multiple of 64 bytes, after a line end.
  size_t prefixBytes = magic.size() + 4;
  header.resize(llvm::alignTo(prefixBytes + header.size() + 1, 64) -
                    prefixBytes - 1,
                ' ');
  header += '\n';

  char lengthBytes[2];
  llvm::support::endian::write16le(lengthBytes, header.size());
  return writeFile(path, [&](llvm::raw_ostream &os) {
    os << magic << StringRef("\x01\x00", 2) << StringRef(lengthBytes, 2)
       << header;
    os.write(tensor.data(), tensor.bytes());
  });
}
