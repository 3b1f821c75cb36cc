#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace hololoom {

/// A square matrix, row by row.
class square_matrix {
public:
  explicit square_matrix(std::size_t n) : n_(n), values_(n * n, 0.0) {}

  std::size_t size() const { return n_; }

  double& operator()(std::size_t row, std::size_t column) {
    return values_[row * n_ + column];
  }
  double operator()(std::size_t row, std::size_t column) const {
    return values_[row * n_ + column];
  }

private:
  std::size_t n_;
  std::vector<double> values_;
};

/// Long computations call it now and then: whether to stop.
using stop_check = std::function<bool()>;

/// All eigenvalues of a symmetric matrix, ascending: cyclic Jacobi rotations
/// (Golub and Van Loan, Matrix Computations, 8.5), O(n^3) a sweep.
/// @returns no values if `stop` ended the computation.
std::vector<double> symmetric_eigenvalues(square_matrix m,
                                          const stop_check& stop = {});

/// An undirected weighted graph over named nodes; parallel edges add up.
class entity_graph {
public:
  /// The node of that name, created if need be.
  std::size_t node(const std::string& name);

  void connect(const std::string& a, const std::string& b, double weight = 1);

  std::size_t size() const { return names_.size(); }

  /// D - A.
  square_matrix laplacian() const;

private:
  struct edge {
    std::size_t a;
    std::size_t b;
    double weight;
  };
  std::vector<std::string> names_;
  std::vector<edge> edges_;
};

/// A graph and a set of texts, summed up in numbers.
struct spectral_summary {
  /// The four smallest eigenvalues of the Laplacian, padded with 0.
  std::vector<double> eigenvalues;
  /// The second smallest; 0 for fewer than two nodes. Above 0: connected.
  double fiedler = 0;
  /// The two largest singular values of the texts' vectors, padded with 0.
  std::vector<double> topics;
  /// Their share of the sum of all singular values.
  double topic_var = 0;
  /// 1 if the graph is connected, plus `topic_var`.
  double coherence = 0;
  /// Whether the computation was stopped early.
  bool incomplete = false;
};

/// Singular values of the matrix whose rows are `vectors`, descending.
std::vector<double>
singular_values(const std::vector<std::vector<float>>& vectors,
                const stop_check& stop = {});

spectral_summary
summarise_spectrum(const entity_graph& graph,
                   const std::vector<std::vector<float>>& texts,
                   const stop_check& stop = {});

} // namespace hololoom
