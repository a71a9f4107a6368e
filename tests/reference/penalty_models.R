# Models of penalties with R: MASS 7.3 (polr), nnet (multinom), pscl (hurdle), sandwich (vcovCL), VGAM (vglm),
# ordinal (clm), lme4 (glmer). Rows are made up here; run in this folder: Rscript penalty_models.R
suppressMessages({library(MASS); library(nnet); library(pscl); library(sandwich); library(VGAM); library(ordinal); library(lme4)})
set.seed(20130206)
n <- 1500
officer <- sample(300, n, TRUE)
d <- data.frame(officer = officer, squad = officer %% 30, black = rbinom(300, 1, .4)[officer],
                internal = rbinom(n, 1, .4), rank = sample(c("officer", "sergeant", "lieutenant"), n, TRUE, c(.7, .2, .1)))
d$rank <- relevel(factor(d$rank), "officer")
lean <- .4 * d$black + .6 * d$internal + .3 * (d$rank == "sergeant") + rnorm(300, 0, .5)[officer] + rnorm(30, 0, .5)[d$squad + 1]
d$rung <- findInterval(lean + rlogis(n), c(-.5, .8, 2))
d$hit <- as.integer(lean + rlogis(n) > 1)
d$days <- ifelse(runif(n) < .4, 0, rnbinom(n, size = 1.3, mu = exp(1 + .4 * lean)))
d$way <- max.col(cbind(0, .5 * lean, -.4 * lean, .2) + matrix(-log(-log(runif(4 * n))), n)) - 1
write.csv(d, "penalty_rows.csv", row.names = FALSE, quote = FALSE)

out <- data.frame()
keep <- function(model, what, name, value) {
  out <<- rbind(out, data.frame(model = model, what = what, name = name, value = sprintf("%.10f", value)))
}
errors <- function(v) sqrt(diag(v))

logit <- glm(hit ~ black + internal + rank, binomial, d, control = list(epsilon = 1e-14, maxit = 100))
keep("logit", "coefficient", names(coef(logit)), coef(logit))
# statsmodels' and our correction is G/(G-1) (n-1)/(n-k), which is sandwich's HC1 with cadjust
keep("logit", "clustered error", names(coef(logit)), errors(vcovCL(logit, d$officer, type = "HC1", cadjust = TRUE)))

po <- clm(factor(rung) ~ black + internal + rank, data = d, control = clm.control(gradTol = 1e-10, maxIter = 200))
keep("ordered", "coefficient", names(coef(po)), coef(po))
keep("ordered", "plain error", names(coef(po)), errors(vcov(po)))
keep("ordered", "log likelihood", "all", as.numeric(logLik(po)))
polr_fit <- polr(factor(rung) ~ black + internal + rank, d, Hess = TRUE, control = list(reltol = 1e-15, maxit = 1000))
keep("polr", "coefficient", names(coef(polr_fit)), coef(polr_fit))
# summed scores of officers by hand, from polr's estimates
keep("ordered", "clustered error", names(coef(po)), {
  m <- model.matrix(~ black + internal + rank, d)[, -1]; th <- po$alpha; b <- po$beta; K <- length(th)
  eta <- drop(m %*% b); y <- d$rung
  A <- plogis(c(th, Inf)[y + 1] - eta); B <- plogis(c(-Inf, th)[y + 1] - eta); p <- A - B
  u <- A * (1 - A) / p; v <- B * (1 - B) / p
  S <- matrix(0, n, K + length(b))
  for (j in 1:K) S[, j] <- u * (y == j - 1) - v * (y == j)
  S[, K + seq_along(b)] <- m * (v - u)
  meat <- crossprod(rowsum(S, d$officer)); G <- length(unique(d$officer)); k <- ncol(S)
  errors(G / (G - 1) * (n - 1) / (n - k) * vcov(po) %*% meat %*% vcov(po))
})

d$ordered <- ordered(d$rung)
free <- vglm(ordered ~ black + internal + rank, cumulative(parallel = FALSE ~ internal, reverse = FALSE), d, epsilon = 1e-12, maxit = 200)
keep("partial", "log likelihood", "internal free", logLik(free))
keep("partial", "coefficient", names(coef(free)), coef(free))
all_free <- vglm(ordered ~ black + internal + rank, cumulative(parallel = FALSE, reverse = FALSE), d, epsilon = 1e-12, maxit = 200)
keep("partial", "log likelihood", "all free", logLik(all_free))

# Brant (1990) from separate glm fits
J <- 3; m <- model.matrix(~ black + internal + rank, d)
fits <- lapply(1:J, function(j) glm.fit(m, as.integer(d$rung >= j), family = binomial(), control = list(epsilon = 1e-14, maxit = 100)))
p <- sapply(fits, function(f) f$fitted.values); beta <- unlist(lapply(fits, function(f) f$coefficients[-1])); w <- ncol(m) - 1
V <- matrix(0, J * w, J * w)
for (a in 1:J) for (b in a:J) {
  xa <- solve(crossprod(m * (p[, a] * (1 - p[, a])), m)); xb <- solve(crossprod(m * (p[, b] * (1 - p[, b])), m))
  block <- (xa %*% crossprod(m * (p[, b] * (1 - p[, a])), m) %*% xb)[-1, -1]
  V[(a - 1) * w + 1:w, (b - 1) * w + 1:w] <- block; V[(b - 1) * w + 1:w, (a - 1) * w + 1:w] <- t(block)
}
D <- cbind(-diag(w), diag(w), matrix(0, w, w)); D <- rbind(D, cbind(-diag(w), matrix(0, w, w), diag(w)))
keep("brant", "statistic", "all", drop(t(D %*% beta) %*% solve(D %*% V %*% t(D)) %*% D %*% beta))

multi <- multinom(way ~ black + internal + rank, d, trace = FALSE, reltol = 1e-16, abstol = 1e-14, maxit = 2000)
for (j in 1:3) keep("multinomial", paste("coefficient", j), colnames(coef(multi)), coef(multi)[j, ])
keep("multinomial", "log likelihood", "all", as.numeric(logLik(multi)))

for (dist in c("negbin", "poisson")) {
  h <- hurdle(days ~ black + internal + rank, data = d, dist = dist, zero.dist = "binomial",
              control = hurdle.control(reltol = 1e-16, maxit = 2000))
  keep(dist, "coefficient", names(coef(h)), coef(h))
  keep(dist, "log likelihood", "all", as.numeric(logLik(h)))
  if (dist == "negbin") keep(dist, "theta", "count", h$theta)
}

g <- glmer(hit ~ black + internal + rank + (1 | squad), d, binomial, nAGQ = 25,
           control = glmerControl(optimizer = "bobyqa", tolPwrss = 1e-12, optCtrl = list(rhoend = 1e-10, maxfun = 1e5)))
keep("random intercept", "coefficient", names(fixef(g)), fixef(g))
keep("random intercept", "standard deviation", "squad", sqrt(unlist(VarCorr(g))))
write.csv(out, "penalty_models.csv", row.names = FALSE, quote = FALSE)
