# Interrupted series: glm and sandwich's NeweyWest, and the average over correlations written out in base R.
# Rscript tests/reference/interrupted_series.R, in the folder of the repository.
library(sandwich)
folder <- "tests/reference"
data <- read.csv(file.path(folder, "interrupted_series_data.csv"))
decay <- c(-0.3, 0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.85, 0.92, 0.96, 0.985)
out <- NULL
add <- function(series, quantity, value) out <<- rbind(out, data.frame(series, quantity, value))
for (name in unique(data$series)) {
  d <- data[data$series == name, ]
  n <- nrow(d)
  t <- (d$month - 48) / 12
  after <- as.numeric(d$month >= 48)
  turn <- 2 * pi * (d$month %% 12) / 12
  X <- cbind(1, t, after, t * after, cos(turn), sin(turn), cos(2 * turn), sin(2 * turn))
  fit <- switch(d$kind[1],
    count = glm(d$value ~ X - 1 + offset(log(d$size)), family = quasipoisson, epsilon = 1e-14, maxit = 100),
    share = glm(d$value ~ X - 1, weights = d$size, family = quasibinomial, epsilon = 1e-14, maxit = 100),
    mean = lm(d$value ~ X - 1, weights = d$size))
  lag <- floor(4 * (n / 100)^(2 / 9))
  hac <- NeweyWest(fit, lag = lag, prewhite = FALSE, adjust = TRUE)
  z <- residuals(fit, type = "pearson")
  add(name, "level", coef(fit)[[3]]); add(name, "slope", coef(fit)[[4]])
  add(name, "dispersion", sum(z^2) / (n - ncol(X)))
  add(name, "newey_west", sqrt(hac[3, 3]))
  mu <- fitted(fit)
  V <- switch(d$kind[1], count = mu, share = mu * (1 - mu), mean = rep(1, n))
  size <- if (d$kind[1] == "count") rep(1, n) else d$size
  Z <- X * sqrt(size * V)
  k <- ncol(X)
  centre <- scale <- logs <- neighbours <- NULL
  for (r in decay) for (s in if (r > 0) c(0.3, 0.65, 1) else 1) {
    R <- s * r^abs(outer(d$month, d$month, "-"))
    if (r == 0) R[] <- 0
    diag(R) <- 1
    Ri <- solve(R)
    A <- t(Z) %*% Ri %*% Z
    shift <- solve(A, t(Z) %*% Ri %*% z)
    rest <- drop(t(z - Z %*% shift) %*% Ri %*% (z - Z %*% shift))
    centre <- c(centre, coef(fit)[[3]] + shift[3])
    scale <- c(scale, sqrt(rest / (n - k) * n / (n - k) * solve(A)[3, 3]))
    neighbours <- c(neighbours, r * s)
    logs <- c(logs, log(if (r > 0) (1 - r^2)^-0.75 else 4) - determinant(R)$modulus / 2 - determinant(A)$modulus / 2 -
      (n - k) / 2 * log(rest))
  }
  w <- exp(logs - max(logs)); w <- w / sum(w)
  scale <- scale * (1 + max(sum(w * neighbours), 0) / 2)
  below <- function(x) sum(w * pt((x - centre) / scale, n - k))
  ends <- sapply(c(0.025, 0.975), function(p)
    uniroot(function(x) below(x) - p, sum(w * centre) + c(-60, 60) * max(scale), tol = 1e-13)$root)
  add(name, "estimate", sum(w * centre)); add(name, "lower", ends[1]); add(name, "upper", ends[2])
  add(name, "p_value", 2 * min(below(0), 1 - below(0)))
}
write.csv(out, file.path(folder, "interrupted_series.csv"), row.names = FALSE)
