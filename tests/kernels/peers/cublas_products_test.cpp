// The products that cuBLAS is asked for, done here the way its documentation defines them, against attention written
// out: every index, stride and transposition of the calls without a GPU.
#include "measure/peers/cublas_products.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace rooftile::kernels::measure {
namespace {

using Matrix = std::vector<float>;

/// cublasGemmStridedBatchedEx with beta = 0: element (i, j) of a matrix is at i + j · leading.
void multiply(const BatchedProduct& product, const Matrix& left, const Matrix& right, Matrix& result) {
  for (std::int64_t b = 0; b < product.count; ++b) {
    for (std::int64_t j = 0; j < product.n; ++j) {
      for (std::int64_t i = 0; i < product.m; ++i) {
        float sum = 0;
        for (std::int64_t l = 0; l < product.k; ++l) {
          const std::int64_t place =
              product.left_transposed ? l + i * product.left.leading : i + l * product.left.leading;
          sum += left.at(static_cast<std::size_t>(b * product.left.stride + place)) *
                 right.at(static_cast<std::size_t>(b * product.right.stride + l + j * product.right.leading));
        }
        result.at(static_cast<std::size_t>(b * product.result.stride + i + j * product.result.leading)) =
            product.factor * sum;
      }
    }
  }
}

constexpr float untouched = -77;

struct Case {
  AttentionCall call;
  TensorLayout scores;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const int kv_heads : {1, 2, 6}) {
    for (const auto& [seq_q, seq_kv] : {std::pair{5, 7}, {8, 16}, {1, 19}}) {
      const AttentionCall call{Element::fp16, 2, 6, kv_heads, seq_q, seq_kv, 8, false};
      const int pitch = (seq_kv + 15) / 16 * 16;
      all.push_back({call, {"S", TensorRole::workspace, 2, 2, 6, seq_q, seq_kv, pitch}});
    }
  }
  return all;
}

Matrix random(std::int64_t elements, unsigned seed) {
  std::mt19937 generator{seed};
  Matrix values(static_cast<std::size_t>(elements));
  for (float& value : values) value = static_cast<float>(static_cast<int>(generator() % 9) - 4);  // exact sums
  return values;
}

/// Element [batch, head, row, col] of a tensor.
std::size_t place(const TensorLayout& layout, int batch, int head, int row, int col) {
  return static_cast<std::size_t>((std::int64_t{batch} * layout.heads + head) * layout.matrix_elements() +
                                  std::int64_t{row} * layout.pitch + col);
}

TEST(CublasProducts, ScoresAreScaledProductsOfEveryHeadWithItsGroupsKeys) {
  for (const auto& [call, s] : cases()) {
    const Tensors tensors = attention_tensors(call);
    const Matrix q = random(tensors[tensor_q].elements(), 1);
    const Matrix k = random(tensors[tensor_k].elements(), 2);
    Matrix result(static_cast<std::size_t>(s.elements()), untouched);
    const BatchedProduct product = score_product(call, s);
    EXPECT_EQ(product.result.tensor, first_workspace);
    multiply(product, k, q, result);

    for (int row = 0; row < call.seq_q; ++row) {
      for (int head = 0; head < 12; ++head) {
        for (int col = 0; col < s.pitch; ++col) {
          const int b = head / 6, h = head % 6;
          float expected = untouched;  // the pad between rows
          if (col < call.seq_kv) {
            expected = 0;
            for (int i = 0; i < call.head_dim; ++i) {
              expected +=
                  q[place(tensors[tensor_q], b, h, row, i)] * k[place(tensors[tensor_k], b, h / call.group(), col, i)];
            }
            expected *= 1.F / std::sqrt(8.F);
          }
          ASSERT_FLOAT_EQ(result[place(s, b, h, row, col)], expected) << head << " " << row << " " << col;
        }
      }
    }
  }
}

TEST(CublasProducts, OutputsAreProductsWithEveryGroupsValues) {
  for (const auto& [call, p] : cases()) {
    const Tensors tensors = attention_tensors(call);
    Matrix probabilities = random(p.elements(), 3);
    for (std::size_t i = 0; i < probabilities.size(); ++i) {
      if (static_cast<int>(i) % p.pitch >= call.seq_kv) probabilities[i] = std::nanf("");  // the pad is not read
    }
    const Matrix v = random(tensors[tensor_v].elements(), 4);
    Matrix o(static_cast<std::size_t>(tensors[tensor_o].elements()), untouched);
    const BatchedProduct product = output_product(call, p);
    EXPECT_EQ(product.right.tensor, first_workspace + 1);
    EXPECT_EQ(product.result.tensor, tensor_o);
    multiply(product, v, probabilities, o);

    for (int head = 0; head < 12; ++head) {
      for (int row = 0; row < call.seq_q; ++row) {
        for (int i = 0; i < call.head_dim; ++i) {
          const int b = head / 6, h = head % 6;
          float expected = 0;
          for (int col = 0; col < call.seq_kv; ++col) {
            expected +=
                probabilities[place(p, b, h, row, col)] * v[place(tensors[tensor_v], b, h / call.group(), col, i)];
          }
          ASSERT_FLOAT_EQ(o[place(tensors[tensor_o], b, h, row, i)], expected) << head << " " << row << " " << i;
        }
      }
    }
  }
}

}  // namespace
}  // namespace rooftile::kernels::measure
